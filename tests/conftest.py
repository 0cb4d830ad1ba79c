"""For every test: hypothesis sets no deadline, because a busy machine is not a failing test. And the collector looks
seldom: among all that the tests have loaded it finds nothing, and took a fifth of their time for that.
"""

import gc

import hypothesis
import pytest

hypothesis.settings.register_profile("lodetrace", deadline=None, print_blob=True)
hypothesis.settings.load_profile("lodetrace")


def pytest_collection_finish():
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 10)


@pytest.fixture(scope="session")
def chain(tmp_path_factory):
    """tests/chain.py, played once: homes of five organisations to read. Whoever changes one takes a copy."""
    from tests import chain

    return chain.play(tmp_path_factory.mktemp("chain"))
