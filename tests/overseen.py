"""A small federation with findings, of one organisation and of several, for tests of what its authority sees."""

from contextlib import contextmanager
from datetime import timedelta
from threading import Event, current_thread

from nodes.overlooking import Overlooking
from tests.bookkeeping import ASSAY
from tests.nodes.test_oversight import DECLARED, IMPORTED, NAMES, ONE, TWO, cast
from tests.world import World, kg, until

SCRIPT = '<script>alert(1)</script>"\u202e🧲'


@contextmanager
def overseen(folder, lot=SCRIPT):
    """Two importers use one declaration, and one of them made more than went in, `lot`, and has answered that."""
    with cast(World(folder, *NAMES)) as world:
        one, two = world[ONE], world[TWO]
        one.register("I-1", "80", origin=IMPORTED, documents=[DECLARED], assay=ASSAY)
        two.register("I-2", "70", origin=IMPORTED, documents=[DECLARED])
        made = {"product": "dy_oxide", "lot_no": lot, "quantity": kg("20")}
        inputs = [{"batch": "I-1", "quantity": kg("20")}]
        one.record(
            "/api/v1/transformations", {"steps": [{"process": "separation"}], "inputs": inputs, "outputs": [made]}
        )
        gain = next(found for found in one.get("/api/v1/findings")["findings"] if found["rule"] == "element-gain")
        one.record("/api/v1/answers", {"finding": gain["id"], "text": f"residues {lot}"})
        world.settle()
        yield world


def worked_out(member):
    """Until nothing more is on its way: what was worked out."""
    return until(lambda: (seen := member.node.overlooking.look())[0] and not seen[1] and seen[0], "all is worked out")


class Slow:
    """A clock that stands still for whoever works beside the page, until it is let go; or stumbles."""

    def __init__(self, clock):
        self._clock, self.go, self.asked, self.fails, self.later = clock, Event(), 0, False, timedelta()

    def __call__(self):
        if current_thread().name.startswith("overlooking"):
            self.asked += 1
            assert self.go.wait(60)
            if self.fails:
                raise RuntimeError("the clock stumbled")
        return self._clock() + self.later


@contextmanager
def slowed(member):
    """Its pages look at what is worked out by a slow clock, which is yielded, and begin anew; let go at the end."""
    node, clock = member.node, Slow(member.node.clock)
    real, node.overlooking = node.overlooking, Overlooking(node.store, node.oversight, clock)
    try:
        yield clock
    finally:
        clock.go.set()
        node.overlooking.stop()
        node.overlooking = real
