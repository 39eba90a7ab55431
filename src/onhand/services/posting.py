"""One HTTP/1.1 POST to a stranger: one deadline, no redirects, nothing of the answer kept but its status."""

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

LINE_MAX_BYTES = 8 * 1024
HEADERS_MAX = 100
INTERIM = range(100, 200)


class NotSentError(Exception):
    """There was no answer: no such host, no connection, a bad certificate, no HTTP, too late."""


async def post(url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> int:
    """Send, and return the status of the answer. Raises NotSentError, which says why in words for the sender."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _post(url, headers, body)
    except TimeoutError:
        raise NotSentError(f"no answer within {timeout_s:g} s") from None
    except ssl.SSLError as error:
        raise NotSentError(f"TLS: {getattr(error, 'verify_message', '') or error.reason or error}") from None
    except (OSError, UnicodeError) as error:
        raise NotSentError(str(error) or type(error).__name__) from None
    except (ValueError, asyncio.IncompleteReadError) as error:
        raise NotSentError(f"the answer is not HTTP: {error}") from None


async def _post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    parts = urlsplit(url)
    secure = parts.scheme.lower() == "https"
    host = parts.hostname or ""
    reader, writer = await asyncio.open_connection(
        host,
        parts.port or (443 if secure else 80),
        ssl=ssl.create_default_context() if secure else None,
        server_hostname=host if secure else None,
        limit=LINE_MAX_BYTES,
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode("ascii") + body)
        await writer.drain()
        while (status := await _status(reader)) in INTERIM:
            pass
        return status
    finally:
        writer.transport.abort()  # The rest of the answer is of no interest, and closing must not wait for it.


async def _status(reader: asyncio.StreamReader) -> int:
    """Of one answer, whose headers are read and dropped."""
    version, _, rest = (await reader.readuntil(b"\n")).partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError("no status line")
    status = int(rest[:3])
    for _ in range(HEADERS_MAX):
        if (await reader.readuntil(b"\n")).strip() == b"":
            return status
    raise ValueError("too many headers")
