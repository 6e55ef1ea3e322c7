"""The confirmation before a pipe outside the 90 % set is judged, or before a judgement is corrected."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from console.domain.incidents import Incident
from console.services.incidents.candidate_distance import CandidateDistance
from console.services.incidents.judging import JudgeBurst
from console.ui.appearance import Appearance
from console.ui.dialogs.confirm import Confirmation
from console.ui.panels.case.location import metres
from maps.city import City


def judgement_question(
    appearance: Appearance,
    city: City,
    incident: Incident,
    intent: JudgeBurst,
    far: CandidateDistance | None,
    looked_at: str,
    parent: QWidget,
) -> Confirmation:
    """Names the pipe, the one judged before or looked at, and its distance from the candidates."""
    words, (pipe_id,) = appearance.words, intent.pipe_ids
    judged = bool(incident.burst_pipes)
    pipes = city.network.pipes
    row = pipes.row(pipe_id)
    kind = words.pipe(float(pipes.diameter_mm[row]), str(pipes.material[row]), int(pipes.year_laid[row]))
    facts = [
        (words("judgement.pipe"), " · ".join(part for part in (pipe_id, kind, str(pipes.road_name[row])) if part)),
        (words("judgement.instead"), words.listed(incident.burst_pipes)),
        (words("judgement.ground"), words("judgement.found_on_site") if intent.ground == "on_site" else ""),
        (words("judgement.looked_at"), looked_at),
    ]
    if far is not None:
        set_90 = words("judgement.in_set") if far.in_set else words("judgement.outside", far=metres(far.to_set_m))
        first = incident.location.candidates[0].pipe_id if incident.location is not None else ""
        facts += [(words("judgement.first", pipe=first), metres(far.to_first_m)), (words("judgement.set_90"), set_90)]
    text = "correct_text" if judged else "which_text" if looked_at else "outside_text"
    return Confirmation(
        appearance,
        words("location.correct" if judged else "location.judge", pipe=pipe_id),
        words(f"judgement.{text}"),
        words("location.correct" if judged else "location.judge", pipe=pipe_id),
        [(what, value) for what, value in facts if value],
        parent=parent,
    )
