"""Extensions that find out the client's address."""

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import extension
from osmscope.resources.resource import Resource

_DETECTION = "envoy.extensions.http.original_ip_detection"
_FORBIDDEN = 403
_CODES = {
    "BadRequest": 400, "Unauthorized": 401, "PaymentRequired": 402, "Forbidden": 403,
    "NotFound": 404, "MethodNotAllowed": 405, "NotAcceptable": 406, "TooManyRequests": 429,
    "InternalServerError": 500, "NotImplemented": 501, "BadGateway": 502,
    "ServiceUnavailable": 503, "GatewayTimeout": 504,
}  # fmt: skip


class XffTrustedCidrs(Resource, frozen=True):
    """Proxies whose entries are skipped."""

    cidrs: tuple[CidrRange, ...] = ()


@extension(f"{_DETECTION}.xff.v3.XffConfig", name="envoy.http.original_ip_detection.xff")
class XffDetection(Resource, frozen=True):
    """`envoy.extensions.http.original_ip_detection.xff.v3.XffConfig`."""

    xff_num_trusted_hops: int = 0
    xff_trusted_cidrs: XffTrustedCidrs | None = None
    skip_xff_append: bool | None = None


class HttpStatus(Resource, frozen=True):
    """`envoy.type.v3.HttpStatus`: a code by its name."""

    code: str | int = "Empty"

    def status_code(self) -> int:
        """Return the code as a number; errors alone count, all else is 403."""
        code = self.code if isinstance(self.code, int) else _CODES.get(self.code, _FORBIDDEN)
        return code if code >= min(_CODES.values()) else _FORBIDDEN


@extension(
    f"{_DETECTION}.custom_header.v3.CustomHeaderConfig",
    name="envoy.http.original_ip_detection.custom_header",
)
class CustomHeaderDetection(Resource, frozen=True):
    """`envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig`."""

    header_name: str = ""
    allow_extension_to_set_address_as_trusted: bool = False
    reject_with_status: HttpStatus | None = None
