"""Errors on the wire: google.rpc.Status with typed details, and back."""

import logging
from collections.abc import Sequence

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from chimera_shared import errors

log = logging.getLogger(__name__)
DOMAIN = "chimera"
_MAX_MESSAGE_BYTES, _MAX_DESCRIPTION_BYTES, _MAX_VIOLATIONS_BYTES = 700, 500, 2_500
"""A status travels in HTTP/2 trailers, the message twice and three times its size; beyond 8 KiB they are refused."""

_CODES: tuple[tuple[type[errors.ChimeraError], int], ...] = (
    (errors.InvalidInput, code_pb2.INVALID_ARGUMENT),
    (errors.NotFound, code_pb2.NOT_FOUND),
    (errors.AlreadyExists, code_pb2.ALREADY_EXISTS),
    (errors.FailedPrecondition, code_pb2.FAILED_PRECONDITION),
    (errors.Transient, code_pb2.UNAVAILABLE),
    (errors.SampleFailure, code_pb2.FAILED_PRECONDITION),
    (errors.ChimeraError, code_pb2.INTERNAL),
)


def to_status(error: Exception) -> status_pb2.Status:
    """The status that tells a caller of this error; a defect tells nothing of the inside."""
    if not isinstance(error, errors.ChimeraError):
        log.error("a call failed", exc_info=error)
        return status_pb2.Status(code=code_pb2.INTERNAL, message="an internal error; the server's log has it")
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    info = error_details_pb2.ErrorInfo(reason=type(error).__name__, domain=DOMAIN)
    details: list[AnyMessage] = [_packed(info)]
    if isinstance(error, errors.InvalidInput):
        details.append(_packed(_bad_request(error.violations)))
    return status_pb2.Status(code=code, message=_cut(str(error), _MAX_MESSAGE_BYTES), details=details)


def to_error(error: grpc.RpcError) -> errors.ChimeraError:
    """The error that a failed call tells of."""
    status = rpc_status.from_call(error)
    message = status.message if status is not None else (error.details() or str(error.code()))
    if status is not None:
        for detail in status.details:
            bad = error_details_pb2.BadRequest()
            if detail.Unpack(bad):
                return errors.InvalidInput([errors.Violation(v.field, v.description) for v in bad.field_violations])
    kinds = {code: kind for kind, code in reversed(_CODES) if kind is not errors.SampleFailure}
    code = error.code().value[0]
    if code in (code_pb2.DEADLINE_EXCEEDED, code_pb2.UNAVAILABLE):
        return errors.Transient(message)
    return (
        kinds.get(code, errors.ChimeraError)(message)
        if code != code_pb2.INVALID_ARGUMENT
        else (errors.InvalidInput.of("request", message))
    )


def _bad_request(violations: Sequence[errors.Violation]) -> error_details_pb2.BadRequest:
    """As many violations as there is room for."""
    bad = error_details_pb2.BadRequest()
    for v in violations:
        bad.field_violations.add(field=v.field, description=_cut(v.description, _MAX_DESCRIPTION_BYTES))
        if bad.ByteSize() > _MAX_VIOLATIONS_BYTES:
            del bad.field_violations[-1]
            break
    return bad


def _cut(text: str, most_bytes: int) -> str:
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[:most_bytes].decode("utf-8", "ignore") + "…"


def _packed(detail: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed
