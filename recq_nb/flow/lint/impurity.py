"""Impurity: which library functions read clocks, throw dice, wait, or talk to the outside."""

from __future__ import annotations

import re

_CLOCKS = re.compile(
    r"(datetime\.(datetime|date)\.(now|utcnow|today)"
    r"|time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns|localtime|gmtime|ctime)"
    r"|pandas\.Timestamp\.(now|today|utcnow)|pendulum\.now|arrow\.(now|utcnow))$"
)
_DICE = re.compile(r"(random\.\w+|numpy\.random\.[\w.()]+|secrets\.\w+|uuid\.uuid[14678]|os\.(urandom|getrandom))$")
_WAITS = re.compile(r"(time\.sleep|asyncio\.sleep|threading\.\w+\(\)\.(wait|join)|concurrent\.futures\.wait)$")
_OUTSIDE = re.compile(
    r"(builtins\.(open|input)|io\.open|pathlib\.Path\(\)[\w.()/]*\.(open|read_\w+|write_\w+|unlink|mkdir|touch|rename)"
    r"|os\.(system|popen|remove|unlink|rename|mkdir|makedirs|listdir|scandir|getenv)|shutil\.\w+|subprocess\.\w+"
    r"|socket\.\w+|(requests|httpx|urllib3|aiohttp)\.[\w.()]+|urllib\.request\.\w+|http\.client\.\w+|smtplib\.\w+"
    r"|ftplib\.\w+|sqlite3\.[\w.()]+|duckdb\.[\w.()]+|psycopg2?\.[\w.()]+|sqlalchemy\.[\w.()]+|boto3\.[\w.()]+)$"
)


def is_unsteady(path: str) -> bool:
    """Whether a function gives something else each time."""
    return bool(_CLOCKS.match(path) or _DICE.match(path))


def is_outside(path: str) -> bool:
    """Whether a function talks to files, processes or networks."""
    return bool(_OUTSIDE.match(path))


def is_wait(path: str) -> bool:
    """Whether a function only waits."""
    return bool(_WAITS.match(path))


def is_blocking(path: str) -> bool:
    """Whether a function holds up the thread it is called in."""
    blocking_io = is_outside(path) and not path.startswith(("aiohttp.", "httpx.AsyncClient", "os.getenv"))
    return path == "time.sleep" or blocking_io
