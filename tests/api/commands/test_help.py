"""Every command and every option says what it is, in English and in Chinese; and what `--json` is on."""

import re

import pytest
from typer.main import get_command

from api.cli import build

CHINESE = re.compile("[\u4e00-\u9fff]").search
NO_READING = {"serve", "demo", "introduce", "token revoke", "backup", "deposits export", "certificate fetch"}
NO_READING |= {"person add", "person password", "person leave", "person change", "webhook remove", "device sign"}
NO_READING |= {"registry refuse"}
"""Verbs that print no result a program would take apart, or nothing else than one."""


def leaves(command, path=()):
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), command


COMMANDS = dict(leaves(get_command(build())))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_explains_itself_in_both_languages(name):
    command = COMMANDS[name]
    told = {"": command.help, **{one.name: getattr(one, "help", None) for one in command.params if one.name != "help"}}
    assert [one for one, text in told.items() if not text or not CHINESE(text) or not re.search("[A-Za-z]", text)] == []


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - NO_READING))
def test_every_result_can_be_had_as_json(name):
    assert "--json" in [option for one in COMMANDS[name].params for option in one.opts]
