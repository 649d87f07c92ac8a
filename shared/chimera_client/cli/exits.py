"""How commands end: exit codes, and errors as one sentence on standard error."""

import asyncio
import functools
import inspect
import os
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

import typer

F = TypeVar("F", bound=Callable[..., Any])

DEBUG_VARIABLE = "CHIMERA_DEBUG"
CODES_HELP = (
    "Exit codes: 0 done; 1 a build or a check failed; 2 wrong input; 3 a server cannot be reached; 130 interrupted."
)


class Code(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


def command(app: typer.Typer, name: str, example: str) -> Callable[[F], F]:
    """Adds a function to `app`; it may be a coroutine function and may return an exit code."""

    def register(function: F) -> F:
        app.command(name, epilog=f"Example: {example}")(_guarded(function))
        return function

    return register


def _guarded(function: Callable[..., Any]) -> Callable[..., None]:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            result = function(*args, **kwargs)
            code = asyncio.run(result) if inspect.iscoroutine(result) else result
        except (KeyboardInterrupt, asyncio.CancelledError):
            code = _say("interrupted", Code.INTERRUPTED)
        except BrokenPipeError:
            # The reader has seen enough, as in `chimera samples list … | head`.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = Code.OK
        except typer.Exit:
            raise
        except Exception as error:
            if os.environ.get(DEBUG_VARIABLE) == "1":
                raise
            code = explain(error)
        raise typer.Exit(int(code or Code.OK))

    return run


def explain(error: Exception) -> Code:
    """Write the error to standard error and return the exit code that stands for it."""
    from chimera_client.text import line
    from chimera_shared.errors import ChimeraError, InvalidInput, Transient

    if isinstance(error, InvalidInput):
        for violation in error.violations:
            _say(line(f"{violation.field}: {violation.description}", 600), Code.BAD_INPUT)
        return Code.BAD_INPUT
    if isinstance(error, Transient):
        return _say(line(str(error), 600), Code.UNREACHABLE)
    if isinstance(error, ChimeraError):
        return _say(line(str(error), 600), Code.FAILED if type(error) is ChimeraError else Code.BAD_INPUT)
    cause = line(f"{type(error).__name__}: {error}", 300)
    return _say(f"a defect of chimera itself ({cause}); set {DEBUG_VARIABLE}=1 to see where", Code.FAILED)


def _say(text: str, code: Code) -> Code:
    print(f"chimera: {text}", file=sys.stderr)
    return code
