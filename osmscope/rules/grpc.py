"""What a gRPC request is.

What Envoy does: the content type is exactly `application/grpc` or starts with
`application/grpc+`; parameters and `application/grpc-web` do not count.
Checked against Envoy 1.40.0.
"""

from osmscope.rules.facts import Headers


def is_grpc(headers: Headers) -> bool:
    """Tell whether Envoy takes a request for gRPC."""
    content_type = headers.first("content-type") or ""
    return content_type == "application/grpc" or content_type.startswith("application/grpc+")
