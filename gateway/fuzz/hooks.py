"""What fuzzing must not wait for."""

import schemathesis


@schemathesis.hook
def map_query(context, query):
    # A feed that is followed does not end.
    if query and context.operation.path == "/v1/feed":
        query.pop("follow", None)
    return query


@schemathesis.hook
def map_headers(context, headers):
    # Nor does one of server-sent events.
    if headers and context.operation.path == "/v1/feed":
        headers = {name: value for name, value in headers.items() if name.lower() != "accept"}
    return headers
