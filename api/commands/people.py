"""`lodetrace person`: who may sign in on the pages of a node. On the machine where it runs, like `lodetrace token`."""

from typing import Annotated

import typer

from api.commands.terminal import AsJson, Home, say, show_json, show_table

Name = Annotated[str, typer.Argument(help="As it will stand on what they record. 姓名")]


def add(app: typer.Typer) -> None:
    person = typer.Typer(no_args_is_help=True, help="Who may sign in on the pages. 可登录人员")
    person.command("add")(hire)
    person.command("list")(list_)
    person.command("change")(change)
    person.command("password")(password)
    person.command("leave")(leave)
    app.add_typer(person, name="person")


def hire(
    home: Home,
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, clerk, supervisor or admin. 角色")] = "clerk",
    task: Annotated[
        list[str] | None, typer.Option(help="weighing, quality, sales, finance; else all. 岗位，不填为全部")
    ] = None,
    site: Annotated[list[str] | None, typer.Option(help="A site's code; else all. 场所，不填为全部")] = None,
    subject: Annotated[
        str | None, typer.Option(help="As the organisation's own sign-in calls them; then no password. 统一登录名")
    ] = None,
) -> None:
    """Add somebody; the password is asked for, or read from standard input. 新增人员。"""
    from nodes import people
    from nodes.clock import system_clock
    from nodes.config import environment, load
    from nodes.homes import open_store

    sites = [one.code for one in load(home, environment()).sites]
    secret = None if subject is not None else _asked()
    with open_store(home) as store:
        people.hire(
            store,
            name,
            role,
            system_clock,
            password=secret,
            subject=subject,
            tasks=task or (),
            sites=site or (),
            known_sites=sites,
        )
    say(f"{name} may sign in. {name} 可以登录。")


def change(
    home: Home,
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, clerk, supervisor or admin. 角色")],
    task: Annotated[
        list[str] | None, typer.Option(help="weighing, quality, sales, finance; else all. 岗位，不填为全部")
    ] = None,
    site: Annotated[list[str] | None, typer.Option(help="A site's code; else all. 场所，不填为全部")] = None,
    subject: Annotated[
        str | None, typer.Option(help="As the organisation's own sign-in calls them; else as before. 统一登录名")
    ] = None,
) -> None:
    """Change what somebody may do, from now on. 更改人员权限。"""
    from nodes import people
    from nodes.config import environment, load
    from nodes.homes import open_store

    sites = [one.code for one in load(home, environment()).sites]
    with open_store(home) as store:
        people.change(store, name, role, subject=subject, tasks=task or (), sites=site or (), known_sites=sites)
    say(f"{name} is {role} now. {name} 的权限已更改。")


def list_(home: Home, as_json: AsJson = False) -> None:
    """Who may sign in. 人员列表。"""
    from nodes import people
    from nodes.homes import open_store

    with open_store(home) as store:
        found = people.listed(store)
    names = ("name", "role", "tasks", "sites", "subject", "created_at", "left_at")
    rows = [
        (one.name, one.role, ", ".join(one.tasks), ", ".join(one.sites), one.subject, one.created_at, one.left_at)
        for one in found
    ]
    if as_json:
        show_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        show_table(names, rows)


def password(home: Home, name: Name) -> None:
    """Set a new password; whoever is signed in under this name must sign in again. 重设口令。"""
    from nodes import people
    from nodes.homes import open_store

    secret = _asked()
    with open_store(home) as store:
        people.set_password(store, name, secret)
    say(f"{name} has a new password. {name} 的口令已重设。")


def leave(home: Home, name: Name) -> None:
    """End somebody's signing in, now; the name stays on what they recorded. 停用人员。"""
    from nodes import people
    from nodes.clock import system_clock
    from nodes.homes import open_store

    with open_store(home) as store:
        people.leave(store, name, system_clock)
    say(f"{name} may no longer sign in. {name} 已停用。")


def _asked() -> str:
    """Twice from a person at a terminal, once from a program."""
    found: str = typer.prompt(
        "Password 口令", hide_input=True, confirmation_prompt=typer.get_text_stream("stdin").isatty()
    )
    return found
