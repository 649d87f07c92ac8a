import asyncio
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chimera_shared.endpoints import config, engine
from chimera_shared.endpoints.engine import EngineLoad, parse
from chimera_shared.endpoints.pool import EndpointPool

VLLM = """# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 37.0
vllm:num_requests_running{engine="1",model_name="m"} 3.0
vllm:num_requests_running{engine="0",model_name="other"} 500.0
vllm:num_requests_waiting{engine="0",model_name="m"} 5.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.75
vllm:e2e_request_latency_seconds_bucket{le="+Inf",model_name="m"} 812.0
"""
RAY = """ray_vllm_num_requests_running{ReplicaId="a b}c",model_name="m",WorkerId="1"} 7.0 1700000000000
ray_vllm_num_requests_waiting{model_name="m"} 2
ray_vllm_kv_cache_usage_perc{model_name="m"} 0.5
ray_serve_deployment_queued_queries{application="x",deployment="LLM"} 4
ray_serve_replica_processing_queries{deployment="LLM"} 9
"""


@pytest.mark.parametrize(
    ("page", "load"),
    [
        (VLLM, EngineLoad(40, 5, 0.75)),
        (VLLM.replace("kv_cache", "gpu_cache"), EngineLoad(40, 5, 0.75)),
        (VLLM.replace('"m"', '"path/of/m"').replace("500", "0"), EngineLoad(40, 5, 0.75)),
        (RAY, EngineLoad(7, 6, 0.5)),
        ('ray_serve_replica_processing_queries{deployment="LLM"} 9', EngineLoad(9, 0, 0)),
        ('ray_serve_num_ongoing_http_requests{node_id="n"} 12', EngineLoad(12, 0, 0)),
        ('sglang:num_running_reqs{model_name="m"} 8\nsglang:num_queue_reqs{model_name="m"} 4', EngineLoad(8, 4, 0)),
        (
            "vllm:num_requests_running 3\nvllm:num_requests_waiting NaN\nvllm:kv_cache_usage_perc -1",
            EngineLoad(3, 0, 0),
        ),
        ("# nothing", None),
        ("<html>vllm:num_requests_running</html>", None),
        ("vllm:num_requests_running{ 3\nvllm:num_requests_waiting{a=} many\nvllm:\n\x00", None),
    ],
)
def test_pages_of_engines(page, load):
    assert parse(page, "m") == load


class Engine:
    """A page of metrics that says what it is told, and counts how often it is read."""

    def __init__(self) -> None:
        self.page, self.status, self.reads = VLLM, 200, 0
        self.read = asyncio.Event()

    async def handle(self, _: web.Request) -> web.Response:
        self.reads += 1
        if self.reads % 3 == 0:
            self.read.set()
        return web.Response(text=self.page, status=self.status)

    async def three_reads(self) -> None:
        self.read.clear()
        async with asyncio.timeout(60):
            await self.read.wait()


@pytest.fixture
async def served(monkeypatch):
    monkeypatch.setattr(engine, "_POLL_SECONDS", 0.005)
    page = Engine()
    app = web.Application()
    app.router.add_get("/metrics", page.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        endpoint = {"base_url": "http://h/v1", "model": "m", "metrics_url": str(server.make_url("/metrics"))}
        async with EndpointPool(config.parse({"a": endpoint})) as pool:
            yield page, pool.gate("a")


async def test_a_queue_in_the_engine_lowers_the_limit(served):
    page, gate = served
    page.page = VLLM.replace('waiting{engine="0",model_name="m"} 5.0', 'waiting{engine="0",model_name="m"} 60')
    slots = [gate.slot() for _ in range(64)]
    assert all(gate.start_at_once(slot) for slot in slots)

    await page.three_reads()

    assert gate.limit < 64
    assert "requests waiting" in gate.report().reason


async def test_an_idle_endpoint_is_not_asked(served):
    page, gate = served
    await asyncio.sleep(0.05)
    assert page.reads == 0

    async with gate.slot():
        await page.three_reads()


@pytest.mark.parametrize("wrong", [{"status": 503}, {"page": "nothing"}, {"page": "x" * 10_000_000}])
async def test_a_page_that_fails_is_told_of_once_and_not_heeded(served, caplog, wrong):
    page, gate = served
    for name, value in wrong.items():
        setattr(page, name, value)
    with caplog.at_level(logging.WARNING):
        async with gate.slot():
            await page.three_reads()
            await page.three_reads()

    assert len([record for record in caplog.records if "metrics of endpoint a" in record.message]) == 1
    assert gate.limit == 64


async def test_no_task_outlives_the_pool():
    before = asyncio.all_tasks()
    fields = {"base_url": "http://h/v1", "model": "m", "metrics_url": "http://127.0.0.1:1/metrics"}
    async with EndpointPool(config.parse({"a": fields})):
        assert len(asyncio.all_tasks() - before) == 1

    assert asyncio.all_tasks() == before
