"""Moments as schemathesis is to invent them: mostly of the last weeks, in which the cars of the demo lived. Those of any year,
which it takes otherwise, are refused before anything interesting happens."""

from datetime import datetime, timedelta, timezone

import schemathesis
from hypothesis import strategies as st

NOW = datetime.now(timezone.utc)
LIFE_SECONDS = 60 * 86_400

lived = st.integers(-LIFE_SECONDS, 0).map(lambda seconds: NOW + timedelta(seconds=seconds))
any_time = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2190, 1, 1))
moments = st.one_of(lived, lived, any_time.map(lambda moment: moment.replace(tzinfo=timezone.utc)))

schemathesis.openapi.format("date-time", moments.map(lambda moment: moment.isoformat().replace("+00:00", "Z")))
