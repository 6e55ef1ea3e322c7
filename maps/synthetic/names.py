"""Names: Jinan's districts, plants and stations where the city is known by them, invented ones for the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DISTRICTS = ("槐荫区", "天桥区", "市中区", "历下区", "历城区", "长清区", "章丘区", "济阳区", "莱芜区", "钢城区")
HOME = "美林苑"
"""Community of the reference case; placed in 天桥区."""

_PLANTS = (
    *("大桥水厂", "西关水厂", "临空水厂", "玉清水厂", "鹊华水厂", "雪山水厂", "东湖水厂", "南康水厂", "分水岭水厂"),
    *("东郊水厂", "泺口水厂", "腊山水厂", "凤凰水厂", "旅游路水厂", "卧虎山水厂", "孙村水厂"),
)
_BOOSTERS = ("搬倒井", "红符路", "郭店", "小岭", "彩石西", "千佛山", "兴隆", "龙奥", "舜耕", "鲍山", "七贤", "浆水泉", "十六里河")
_ARTERIALS = (
    *("经十路", "北园大街", "历山路", "纬十二路", "工业南路", "二环南路", "旅游路", "泺源大街", "经七路", "英雄山路", "舜耕路"),
    *("奥体中路", "凤凰路", "工业北路", "济泺路", "无影山路", "清河北路", "小清河路", "段店路", "烈士山路", "腊山河路"),
    *("齐鲁大道", "顺安路", "二环东路", "二环西路", "花园路", "山大路", "解放路", "明湖路", "大明湖路", "共青团路", "马鞍山路"),
    *("刘长山路", "阳光新路", "南辛庄路", "兴济河路", "郎茂山路", "祝舜路", "飞跃大道", "世纪大道", "唐冶路", "龙奥路", "彩石路"),
    *("黄台路", "水屯路", "标山路", "堤口路", "张庄路", "匡山路", "美里路", "党家路", "泉港路", "鲍山路", "机场路", "郭店路"),
)
_FIRST = "云锦文德和安康永福华新明春秋泉柳槐梅兰竹松桃杏荷凤龙鹤鹿星月玉金银宝瑞祥吉庆长青翠碧清秀丽平宁静仁义礼智信忠孝"
_SECOND = "山水河湖泉井桥亭台楼阁园林苑圃堂门坊里村屯庄溪岭峰岗坡谷原野川池塘畔岸港湾渡口营寨府阳阴和兴隆昌盛泰顺达通"
_ENDINGS = ("街", "路", "街", "路", "巷", "街", "路", "胡同", "东街", "西街", "南路", "北路")
_ESTATE = "美佳锦绣丽景盛世翰林雅居春江阳光绿洲海棠名士御景泉城鹿鸣凤鸣舜山映月银杏金色香榭星河中和天鹅紫薇清风"
_ESTATES = ("苑", "花园", "小区", "家园", "新村", "佳苑", "华庭", "雅居", "新城", "公寓", "名邸", "宿舍")
_COMPASS = "东南西北"


def plant(number: int) -> str:
    """Name of the plant number ``number`` (from 0)."""
    return _PLANTS[number] if number < len(_PLANTS) else f"第{number + 1}水厂"


def pumping_station(number: int) -> str:
    """Name of a pumping station; the first five are the planned ones."""
    return f"{_BOOSTERS[number]}加压站" if number < len(_BOOSTERS) else f"{street(number)}加压站"


PLANNED_STATIONS = 5
"""How many of the pumping stations are planned, not built, in reality."""


def reducer(number: int) -> str:
    """Name of a pressure reducing valve."""
    return f"{number + 1}号减压阀"


def arterial(number: int) -> str:
    """Name of an arterial; past the known ones, invented."""
    if number < len(_ARTERIALS):
        return _ARTERIALS[number]
    return _pair(number * 7 + 3) + ("大道", "大街", "路")[number % 3]


def street(number: int) -> str:
    """Name of a smaller street, invented."""
    return _pair(number) + _ENDINGS[(number * 5 + number // 97) % len(_ENDINGS)]


def community(number: int) -> str:
    """Name of a residential community, invented; number 0 is 美林苑."""
    if number == 0:
        return HOME
    ending = _ESTATES[(number * 7 + number // 41) % len(_ESTATES)]
    chunks = len(_ESTATE) // 2
    if number % 2 and number < 2 * chunks * len(_ESTATES):
        at = (number // 2) % chunks
        return _ESTATE[2 * at : 2 * at + 2] + _ESTATES[(number // 2 // chunks + at) % len(_ESTATES)]
    return _pair(number) + ending


def _pair(number: int) -> str:
    """Two characters; different for the first 3,000 numbers, then with a direction in front."""
    first, second = len(_FIRST), len(_SECOND)
    spread = (number * 1009) % (first * second)
    lap = number // (first * second)
    front = "" if lap == 0 else _COMPASS[lap % 4] if lap < 5 else f"{_COMPASS[lap % 4]}{_FIRST[lap % first]}"
    return front + _FIRST[spread % first] + _SECOND[spread // first]


def numbered(prefix: str, count: int) -> NDArray[np.object_]:
    """Ids ``prefix`` + running number of fixed width, (count,)."""
    width = max(4, len(str(count)))
    out = np.empty(count, dtype=object)
    out[:] = [f"{prefix}{k:0{width}d}" for k in range(1, count + 1)]
    return out


def ordinal(number: int) -> str:
    """``第二`` … as institutions number themselves; figures from 11 on."""
    return f"第{'一二三四五六七八九十'[number - 1] if number <= 10 else number}"


def look_up(names: list[str], rows: NDArray[np.int64]) -> NDArray[np.object_]:
    """Names by row, "" for -1."""
    table = np.empty(len(names) + 1, dtype=object)
    table[:] = [*names, ""]
    return table[rows]
