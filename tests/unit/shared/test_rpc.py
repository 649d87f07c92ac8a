import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera.sample.v1 import sample_pb2
from chimera_shared import errors
from chimera_shared.rpc import channel
from chimera_shared.rpc.server import MAX_REQUEST_BYTES, RpcServer
from chimera_shared.rpc.status import to_error
from chimera_shared.settings import ServiceSettings
from chimera_shared.telemetry import current_trace_id, joined


class Servicer(build_service_pb2_grpc.BuildServiceServicer):
    """Does what the test says."""

    def __init__(self) -> None:
        self.behave: Callable[[], build_pb2.Build] = build_pb2.Build
        self.cancelled = asyncio.Event()

    def register(self, server: grpc.aio.Server):
        build_service_pb2_grpc.add_BuildServiceServicer_to_server(self, server)
        return build_service_pb2.DESCRIPTOR.services_by_name["BuildService"]

    async def SubmitBuild(self, request, context):
        return self.behave()

    async def GetBuild(self, request, context):
        return build_pb2.Build(build_id=request.build_id, detail=current_trace_id())

    async def CancelBuild(self, request, context):
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def WatchBuild(self, request, context):
        yield build_pb2.Build(revision=1)
        yield self.behave()


@pytest.fixture
def servicer() -> Servicer:
    return Servicer()


@pytest.fixture
async def connected(servicer) -> AsyncIterator[grpc.aio.Channel]:
    async with (
        RpcServer(ServiceSettings(host="127.0.0.1", port=0), [servicer.register]) as server,
        channel.connect(server.target) as connection,
    ):
        yield connection


@pytest.fixture
def stub(connected):
    return build_service_pb2_grpc.BuildServiceStub(connected)


def raising(error: Exception):
    def behave():
        raise error

    return behave


async def failed(call) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


SUBMIT = build_service_pb2.SubmitBuildRequest(request_id="r")

KINDS = [
    (errors.NotFound("no build is named 'x'"), grpc.StatusCode.NOT_FOUND, errors.NotFound),
    (errors.AlreadyExists("taken"), grpc.StatusCode.ALREADY_EXISTS, errors.AlreadyExists),
    (errors.FailedPrecondition("it has ended"), grpc.StatusCode.FAILED_PRECONDITION, errors.FailedPrecondition),
    (errors.StoreUnavailable("MongoDB is away"), grpc.StatusCode.UNAVAILABLE, errors.Transient),
    (errors.BusUnavailable("Kafka is away"), grpc.StatusCode.UNAVAILABLE, errors.Transient),
    (
        errors.SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, "401: wrong key"),
        grpc.StatusCode.FAILED_PRECONDITION,
        errors.FailedPrecondition,
    ),
    (errors.Configuration("a setting is wrong"), grpc.StatusCode.INTERNAL, errors.ChimeraError),
]


@pytest.mark.parametrize(("error", "code", "back"), KINDS, ids=lambda v: getattr(v, "name", type(v).__name__))
async def test_errors_cross_the_wire_and_come_back(stub, servicer, error, code, back):
    servicer.behave = raising(error)

    told = await failed(stub.SubmitBuild(SUBMIT))

    assert told.code() is code
    assert type(to_error(told)) is back
    assert str(to_error(told)) == str(error)
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(told).details[0].Unpack(info)
    assert (info.reason, info.domain) == (type(error).__name__, "chimera")


async def test_every_violation_is_a_detail_of_a_bad_request(stub, servicer):
    violations = [errors.Violation("name", "is 'ü', not ASCII"), errors.Violation("subjects[2].weight", "is -1")]
    servicer.behave = raising(errors.InvalidInput(violations))

    told = await failed(stub.SubmitBuild(SUBMIT))

    assert told.code() is grpc.StatusCode.INVALID_ARGUMENT
    bad = error_details_pb2.BadRequest()
    assert rpc_status.from_call(told).details[1].Unpack(bad)
    assert [(v.field, v.description) for v in bad.field_violations] == [(v.field, v.description) for v in violations]
    back = to_error(told)
    assert isinstance(back, errors.InvalidInput)
    assert list(back.violations) == violations


@pytest.mark.parametrize("letter", ["x", "é", "数"])
async def test_a_thousand_violations_still_arrive_as_invalid_input(stub, servicer, letter):
    """The status travels in headers, which every HTTP/2 implementation bounds to some kilobytes."""
    violations = [errors.Violation(f"subjects[{i}].name", f"must not be {letter * 80!r}") for i in range(1000)]
    servicer.behave = raising(errors.InvalidInput(violations))

    back = to_error(await failed(stub.SubmitBuild(SUBMIT)))

    assert isinstance(back, errors.InvalidInput)
    assert back.violations[0] == violations[0]


async def test_an_overlong_message_still_arrives(stub, servicer):
    servicer.behave = raising(errors.FailedPrecondition("ü" * 100_000))

    told = await failed(stub.SubmitBuild(SUBMIT))

    assert told.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_defect_tells_nothing_of_the_inside(stub, servicer, caplog):
    servicer.behave = raising(RuntimeError("mongodb://root:secret@db"))

    with caplog.at_level(logging.ERROR):
        told = await failed(stub.SubmitBuild(SUBMIT))

    assert told.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in f"{told} {told.details()} {told.trailing_metadata()}"
    assert "RuntimeError" not in str(told)
    assert "secret" in caplog.text
    assert type(to_error(told)) is errors.ChimeraError


async def test_a_stream_fails_as_a_call_does(stub, servicer):
    servicer.behave = raising(errors.NotFound("gone"))

    watching = stub.WatchBuild(build_service_pb2.WatchBuildRequest())
    assert (await watching.read()).revision == 1

    assert isinstance(to_error(await failed(watching.read())), errors.NotFound)


async def test_a_caller_that_gives_up_cancels_the_work(connected, stub, servicer):
    await connected.channel_ready()
    told = await failed(stub.CancelBuild(build_service_pb2.CancelBuildRequest(), timeout=2))

    assert told.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert isinstance(to_error(told), errors.Transient)
    await asyncio.wait_for(servicer.cancelled.wait(), 60)


async def test_a_method_that_is_not_there_is_unimplemented(connected):
    told = await failed(connected.unary_unary("/chimera.build.v1.BuildService/Nothing")(b""))

    assert told.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_callers_trace_goes_on(stub):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    metadata = (("traceparent", f"00-{trace}-00f067aa0ba902b7-01"),)

    build = await stub.GetBuild(build_service_pb2.GetBuildRequest(build_id="b"), metadata=metadata)

    assert build.detail == trace


async def test_a_call_hands_the_current_trace_on(stub):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with joined(trace, "build"):
        inside = await stub.GetBuild(build_service_pb2.GetBuildRequest(build_id="b"))
    outside = await stub.GetBuild(build_service_pb2.GetBuildRequest(build_id="b"))
    assert inside.detail == trace
    assert outside.detail != trace


async def test_five_megabytes_are_refused(stub):
    request = build_service_pb2.SubmitBuildRequest(request_id="x" * (5 * 1024 * 1024))
    assert request.ByteSize() > MAX_REQUEST_BYTES

    told = await failed(stub.SubmitBuild(request))

    assert told.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await stub.GetBuild(build_service_pb2.GetBuildRequest(build_id="b"))


async def test_health_answers_for_the_server_and_for_the_service(connected):
    health = health_pb2_grpc.HealthStub(connected)

    for name in ("", "chimera.build.v1.BuildService"):
        answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    told = await failed(health.Check(health_pb2.HealthCheckRequest(service="chimera.other.v1.Nothing")))
    assert told.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection_lists_the_services_and_knows_their_files(connected):
    stub = reflection_pb2_grpc.ServerReflectionStub(connected)
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="chimera.build.v1.BuildService"),
    ]

    names, files = [answer async for answer in stub.ServerReflectionInfo(iter(asked))]

    assert "chimera.build.v1.BuildService" in {s.name for s in names.list_services_response.service}
    assert files.file_descriptor_response.file_descriptor_proto


async def test_a_port_in_use_is_the_operators_mistake(servicer):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(errors.Configuration, match=f"CHIMERA_PORT: 127.0.0.1:{port} is in use"):
            async with RpcServer(ServiceSettings(host="127.0.0.1", port=port), [servicer.register]):
                pass


async def test_nobody_there_is_transient():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen; nobody else can
        async with channel.connect(f"127.0.0.1:{silent.getsockname()[1]}") as connection:
            told = await failed(build_service_pb2_grpc.BuildServiceStub(connection).SubmitBuild(SUBMIT, timeout=5))

    assert isinstance(to_error(told), errors.Transient)
