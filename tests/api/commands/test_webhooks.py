"""`lodetrace webhook` on a home."""


def test_webhooks_by_the_command_line(run, tmp_path):
    home = tmp_path / "home"
    run("init", "--home", home, "--name", "one.example", "--org", "One", "--role", "mine").fine()
    made = run("webhook", "add", "https://example.com/a", "--for", "arrivals, disputes", "--home", home).fine()
    assert made.out.startswith("whsec_")
    other = run("webhook", "add", "https://example.com/b", "--home", home, "--json").fine().json
    assert other["number"] == 2
    found = run("webhook", "list", "--home", home, "--json").fine().json
    assert [(one["number"], one["for"], one["calls"]) for one in found] == [
        (1, ["arrivals", "disputes"], []),
        (2, ["arrivals", "disputes", "findings", "corrections", "recalls"], []),
    ]
    listed = run("webhook", "list", "--home", home).fine().out
    assert "https://example.com/a" in listed
    assert "whsec_" not in listed
    address = f"http://{'10.0.0.1'}/"
    inside = run("webhook", "add", address, "--home", home)
    assert inside.code == 1
    assert "--internal" in inside.err
    run("webhook", "add", address, "--internal", "--home", home).fine()
    run("webhook", "remove", "1", "--home", home).fine()
    assert run("webhook", "remove", "1", "--home", home).code == 1
