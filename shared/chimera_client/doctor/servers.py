"""The servers that the environment names: Kafka, MongoDB, a gateway."""

import asyncio
import os
from collections.abc import AsyncIterator

from chimera_client.client import AsyncClient
from chimera_client.doctor.finding import Finding
from chimera_shared.errors import ChimeraError

BROKER_VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"
STORE_VARIABLE = "MONGODB_URI"
_PATIENCE_SECONDS = 10.0


async def check(gateway: str | None) -> AsyncIterator[Finding]:
    """One finding for each server that is named."""
    if addresses := os.environ.get(BROKER_VARIABLE):
        yield await broker(addresses)
    if uri := os.environ.get(STORE_VARIABLE):
        yield await store(uri)
    if gateway:
        yield await gateway_answers(gateway)


async def broker(addresses: str) -> Finding:
    """Whether Kafka tells of its cluster."""
    way_out = f"start Kafka there, mend {BROKER_VARIABLE}, or unset it to use the embedded broker"
    try:
        from aiokafka.client import AIOKafkaClient

        client = AIOKafkaClient(bootstrap_servers=addresses, request_timeout_ms=int(_PATIENCE_SECONDS * 1000))
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await client.bootstrap()
        finally:
            await client.close()
    except Exception as error:  # whatever a wrong address or a foreign server makes the driver raise
        return Finding.bad("broker", f"{addresses}: {str(error) or type(error).__name__}", way_out)
    return Finding.good("broker", f"{addresses} answers")


async def store(uri: str) -> Finding:
    """Whether MongoDB answers. The address may hold a password, so it is not shown."""
    way_out = f"start MongoDB there, mend {STORE_VARIABLE}, or unset it to use the embedded store"
    try:
        from chimera_shared.mongo import connect, ping

        client = connect(uri)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await ping(client)
        finally:
            client.close()
    except ChimeraError as error:
        return Finding.bad("store", str(error), way_out)
    except Exception as error:  # a malformed address, whose text may hold a password
        return Finding.bad("store", f"{STORE_VARIABLE} cannot be used ({type(error).__name__})", way_out)
    return Finding.good("store", f"{STORE_VARIABLE} answers")


async def gateway_answers(target: str) -> Finding:
    """Whether a gateway lists its builds."""
    try:
        async with AsyncClient(target) as client:
            async for _ in client.builds.list():
                break
    except ChimeraError as error:
        return Finding.bad("gateway", str(error), "start one with `chimera up`, or unset CHIMERA_GATEWAY")
    return Finding.good("gateway", f"{target} answers")
