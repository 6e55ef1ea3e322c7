"""Traditional Chinese and Japanese signs of the field's words as simplified ones."""

from __future__ import annotations

_SIMPLIFIED = str.maketrans(
    "線別徑閥號編類種設長點終質來單區開關閉狀態鋼鑄鐵氣気標識碼資產権權屬稱圧壓戶処處圖図機構轉転數両兩營業寬頂鋁銅鉛橋測記錄録總総側邊辺備註",
    "线别径阀号编类种设长点终质来单区开关闭状态钢铸铁气气标识码资产权权属称压压户处处图图机构转转数两两营业宽顶铝铜铅桥测记录录总总侧边边备注",
)


def simplified(text: str) -> str:
    """``管徑`` as ``管径``; all other signs stay."""
    return text.translate(_SIMPLIFIED)
