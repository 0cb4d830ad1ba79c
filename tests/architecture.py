"""The rules of the house, each a function from source files to complaints; tests/test_architecture.py applies them.

They read imports and names from the syntax tree, run nothing, and look inside functions and `if TYPE_CHECKING` too.
What they cannot see (an import by a computed name) is left to review, and for the ledger to the subprocess test.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

PACKAGES = ("ledger", "nodes", "api")

# What a pure function may use: values, text, numbers, hashes. No clock, no randomness, no file, no network, no thread.
PURE = set(
    "__future__ abc base64 binascii bisect collections contextlib copy dataclasses datetime decimal difflib enum "
    "fractions functools graphlib hashlib heapq hmac itertools json math operator re statistics string struct types "
    "typing unicodedata".split()
) | {"urllib.parse"}
# The shipped reference data is part of the package, as fixed as its code: one file reads it.
READS_ITS_OWN = {"ledger/matter/shipped.py": {"importlib.resources"}}
ONLY_IN_MAIN = {"argparse", "pathlib", "sys"}  # ledger/__main__.py has a command line and reads the files named on it
IMPURE_CALLS = {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}
CLOCKS = {"now", "utcnow", "today"}

WEB = {"fastapi", "starlette", "uvicorn", "jinja2"}
DATABASE = {"sqlmodel", "sqlalchemy", "alembic", "sqlite3"}
POSIX_MODULES = set("fcntl grp posix pty pwd resource syslog termios tty".split())
POSIX_NAMES = {
    "os": set(
        "O_DIRECTORY O_NOFOLLOW chown fchmod fchown fork forkpty getegid geteuid getgid getpgid getuid killpg lockf "
        "mkfifo setegid seteuid setgid setpgid setsid setuid sync wait wait3 wait4 waitpid".split()
    ),
    "signal": set(
        "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGUSR1 SIGUSR2 alarm pause pthread_kill "
        "pthread_sigmask setitimer sigwait".split()
    ),
}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}

# One door for each thing outside: module -> the only places (files, or folders ending in /) that may import it.
DOORS: dict[str, tuple[str, ...]] = {
    # nodes: to make keys and keep them, and to seal what only another node may read
    "cryptography": ("ledger/log/notes.py", "nodes/identity.py", "nodes/sealing.py"),
    "sqlmodel": ("nodes/store/",),
    "sqlalchemy": ("nodes/store/",),
    "alembic": ("nodes/store/",),
    "sqlite3": ("nodes/store/",),
    "httpx": ("nodes/peers.py",),
    "pydantic_settings": ("nodes/config.py",),
    "fastapi": ("api/",),
    "starlette": ("api/",),
    "uvicorn": ("api/",),
    **dict.fromkeys(POSIX_MODULES, ("nodes/posix.py",)),
}
# What a folder may not import of our own: the direction is api -> nodes -> ledger, and log and matter do not meet.
WALLS: dict[str, tuple[str, ...]] = {
    "ledger/": ("nodes", "api", "tests", "scripts"),
    "ledger/log/": ("ledger.matter",),
    "ledger/matter/": ("ledger.log",),
    "nodes/": ("api", "tests", "scripts"),
    "api/": ("tests", "scripts"),
}
BANNED_NAMES = set(
    "base common commons crud helper helpers manager managers misc schemas service services util utils".split()
)
# Words that an `if` in api would only need to decide about matter or trust itself.
DECIDING = set(
    "accepted_mg cosignatures custody difference_mg gross_mg holding leaf loose mg missing_mg net_mg owner packed_mg "
    "possessor rejected_mg root signature signatures tolerance_mg tree_size verified verify".split()
)
MOST_LINES = 400
MEDIAN_LINES = 200
EXCUSE = f"Over {MOST_LINES} lines because "


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the tree's root, with slashes."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text, self.path)))

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def imports(self) -> Iterator[tuple[str, int]]:
        """(dotted name, line); `from a import b` gives a.b, since b may be a module."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((name.name, node.lineno) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{'.' * node.level}{node.module or ''}.{name.name}", node.lineno) for name in node.names)

    def within(self, places: Sequence[str]) -> bool:
        return any(self.path.startswith(place) if place.endswith("/") else self.path == place for place in places)


def is_of(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def doors(source: Source) -> list[str]:
    return [
        f"{source.path}:{line} imports {name}, which belongs in {' or '.join(places)} alone"
        for name, line in source.imports()
        for module, places in DOORS.items()
        if is_of(name, module) and not source.within(places)
    ]


def walls(source: Source) -> list[str]:
    return [
        f"{source.path}:{line} imports {name}: {folder} stands before {module}"
        for name, line in source.imports()
        for folder, modules in WALLS.items()
        for module in modules
        if source.path.startswith(folder) and is_of(name, module)
    ]


def no_relative_imports(source: Source) -> list[str]:
    return [f"{source.path}:{line} imports {name}: say it in full" for name, line in source.imports() if name[0] == "."]


def ledger_is_pure(source: Source) -> list[str]:
    if not source.path.startswith("ledger/"):
        return []
    main = source.path == "ledger/__main__.py"
    allowed = (
        PURE | {"ledger", "cryptography"} | (ONLY_IN_MAIN if main else set()) | READS_ITS_OWN.get(source.path, set())
    )  # cryptography: see DOORS
    wrong = [
        f"{source.path}:{line} imports {name}, which is not on the ledger's list"
        for name, line in source.imports()
        if not any(is_of(name, module) for module in allowed)
    ]
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=called) if called in IMPURE_CALLS and not main:
                wrong.append(f"{source.path}:{node.lineno} calls {called}: the ledger does no I/O")
            case ast.Attribute(attr=called) if called in CLOCKS and not (main and called == "now"):
                wrong.append(f"{source.path}:{node.lineno} calls {called}: time is an argument")
    return wrong


def taken_from(source: Source, module: str, names: set[str]) -> Iterator[tuple[str, int]]:
    """Every `module.name` and `from module import name` with a name of `names`."""
    for node in source.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == module and name in names:
                yield f"{module}.{name}", node.lineno
            case ast.ImportFrom(module=owner, names=aliases, level=0) if owner == module:
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in aliases if alias.name in {*names, "*"})
            case ast.Import(names=aliases):
                hidden = (alias for alias in aliases if alias.name == module and alias.asname)
                yield from ((f"{module} as {alias.asname}", node.lineno) for alias in hidden)


def environment_is_read_in_config(source: Source) -> list[str]:
    if source.path == "nodes/config.py":
        return []
    found = taken_from(source, "os", ENVIRONMENT)
    return [f"{source.path}:{line} uses {name}: only nodes/config.py reads the environment" for name, line in found]


def posix_has_one_file(source: Source) -> list[str]:
    """Names; whole modules are in DOORS."""
    if source.path == "nodes/posix.py":
        return []
    found = [name for module, names in POSIX_NAMES.items() for name in taken_from(source, module, names)]
    return [f"{source.path}:{line} uses {name}, which is not on every system: nodes/posix.py" for name, line in found]


def api_decides_nothing(source: Source) -> list[str]:
    if not source.path.startswith("api/"):
        return []
    wrong = []
    for node in source.nodes:
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
                tests: list[ast.expr] = [test]
            case ast.comprehension(ifs=tests):
                pass
            case ast.Match(subject=subject):
                tests = [subject]
            case ast.match_case(guard=ast.expr() as guard):
                tests = [guard]
            case _:
                continue
        for part in (part for test in tests for part in ast.walk(test)):
            word = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
            word = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else word
            if word in DECIDING:
                wrong.append(f"{source.path}:{part.lineno} decides by {word}: that is for nodes or ledger")
    return wrong


def names_say_something(source: Source) -> list[str]:
    parts = source.path.removesuffix(".py").split("/")
    return [f"{source.path} is named {part}: say what it holds" for part in parts if part in BANNED_NAMES]


def init_holds_a_docstring_at_most(source: Source) -> list[str]:
    if not source.path.endswith("__init__.py"):
        return []
    body = ast.parse(source.text).body
    docstring = body[:1] if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else []
    return [
        f"{source.path}:{node.lineno} does something: import from where a thing is" for node in body[len(docstring) :]
    ]


def long_files_explain_themselves(source: Source) -> list[str]:
    lines = len(source.text.splitlines())
    docstring = ast.get_docstring(ast.parse(source.text)) or ""
    if lines <= MOST_LINES or any(line.startswith(EXCUSE) for line in docstring.splitlines()):
        return []
    return [f"{source.path} has {lines} lines: split it, or say '{EXCUSE}…' in its docstring"]


def files_are_short(sources: Sequence[Source]) -> list[str]:
    lengths = {source.path: len(source.text.splitlines()) for source in sources if source.text.strip()}
    middle = median(lengths.values())
    return [f"the median file has {middle} lines, above {MEDIAN_LINES}"] if middle > MEDIAN_LINES else []


def no_circles(sources: Sequence[Source]) -> list[str]:
    """Follows imports depth first; a module met again while still on the way is a circle, told as the way."""
    modules = {source.module for source in sources}

    def target(name: str) -> str | None:
        return name if name in modules else target(name.rpartition(".")[0]) if "." in name else None

    graph = {source.module: sorted({target(name) for name, _ in source.imports()} - {None}) for source in sources}
    done: set[str] = set()
    circles = []

    def visit(module: str, way: tuple[str, ...]) -> None:
        if module in way:
            circles.append(" -> ".join((*way[way.index(module) :], module)))
        elif module not in done:
            for imported in graph[module]:
                visit(imported, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())
    return circles


OF_ONE_FILE = (
    doors,
    walls,
    no_relative_imports,
    ledger_is_pure,
    environment_is_read_in_config,
    posix_has_one_file,
    api_decides_nothing,
    names_say_something,
    init_holds_a_docstring_at_most,
    long_files_explain_themselves,
)
OF_ALL_FILES = (files_are_short, no_circles)
