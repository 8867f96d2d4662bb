"""PayU's pure functions. No database, no settings, no network beyond loopback."""

from hypothesis import settings

# Here rather than in a conftest: these tests also run alone, without the project's. A busy machine is no failure, and
# nothing is kept between runs.
settings.register_profile("payu", deadline=None, database=None)
settings.load_profile("payu")
