"""For every test: hypothesis sets no deadline, because a busy machine is not a failing test."""

import hypothesis

hypothesis.settings.register_profile("lodetrace", deadline=None, print_blob=True)
hypothesis.settings.load_profile("lodetrace")
