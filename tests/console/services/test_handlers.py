"""Every intent has one handler with a permission and words; roles may do what the table grants."""

from __future__ import annotations

import pytest

from console.domain.actors import GRANTED, SYSTEM, Actor, Permission, Role
from console.domain.intents import Intent
from console.services.alarms.station_alarms import AcknowledgeAlarm
from console.services.changesets import Refused
from console.services.desk import HANDLERS, UNDOABLE
from console.services.handling import Handler, table
from console.services.incidents.opening import OpenIncident
from resources.texts import LANGUAGES, Catalogue
from tests.console.services.town import Chair


def test_every_intent_has_one_handler() -> None:
    # By name: with slots, dataclass() makes a second class and the first one still exists.
    assert {intent.__name__ for intent in Intent.__subclasses__()} == {intent.__name__ for intent in HANDLERS}


def test_an_intent_with_two_handlers_is_refused() -> None:
    one = Handler(OpenIncident, lambda *_: None, Permission.CASES)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="OpenIncident has two handlers"):
        table([one, one])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_and_role_has_its_words(language: str) -> None:
    catalogue = Catalogue.load(language)
    assert not [h.wording for h in HANDLERS.values() if not catalogue.has(f"domain.intent.{h.wording}")]
    assert not [role for role in Role if not catalogue.has(f"domain.role.{role}")]


def test_every_role_is_in_the_table_and_the_system_may_do_all() -> None:
    assert set(GRANTED) == set(Role)
    assert all(SYSTEM.may(permission) for permission in Permission)


def test_an_actor_without_the_permission_is_refused_by_name_role_and_act() -> None:
    chair = Chair()
    auditor = Actor("u-7", "赵", Role.AUDITOR)
    for intent in (AcknowledgeAlarm("A-000001"), OpenIncident("any")):
        with pytest.raises(Refused) as refused:
            chair.desk.carry_out(chair.state, intent, auditor, chair.now)
        assert refused.value.key == "not_permitted"
    assert refused.value.text("en") == "赵 (auditor) may not open a case."
    assert refused.value.text("zh_CN") == "赵（审计）无权按来电立案。"


def test_findings_and_answers_cannot_be_undone() -> None:
    assert not UNDOABLE & {
        "incident_opened",
        "location_revised",
        "impact_computed",
        "order_on_site",
        "notice_files",
        "notice_lifted",
    }
