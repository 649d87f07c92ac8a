"""A verifier that only grades, as a process of its own: prints its address and serves until its input ends."""

import asyncio
import sys
from typing import Any

from chimera_shared.rpc.server import RpcServer
from chimera_shared.settings import ServiceSettings
from chimera_verifier.grader import Grader
from chimera_verifier.referee import Referee
from chimera_verifier.servicer import VerifierServicer
from chimera_verifier.symbolic import SymbolicPool


async def main() -> None:
    absent: Any = None  # no call of the benchmark reaches a model or a store
    async with SymbolicPool() as pool:
        servicer = VerifierServicer(Referee(Grader(pool), absent), absent, absent, absent, {}, absent)
        async with RpcServer(ServiceSettings(host="127.0.0.1", port=0), [servicer.register]) as server:
            print(server.target, flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
