"""The titles of a few pages, fetched by several threads or processes at once.

Threads are right where waiting takes the time, as it does for pages: a thread that waits costs
nothing, and all share one set of connections. Processes are right where computing takes the time;
each pays for its start and for what is sent to it. Both give the same list.

This asks for just the addresses that it is given, all at once: for a site, use the crawler, which
keeps to robots.txt and to a pace.

Sources: Rajput 2023, ch. 3
Catalogue: A05
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from phytotron.errors import UserError
from phytotron.html.complexity import ComplexityError, check_complexity
from phytotron.html.encoding import decode
from phytotron.html.pages import title
from phytotron.scrape.fetch import Fetcher, FetchError
from phytotron.scrape.settings import USER_AGENT
from phytotron.scrape.urls import normalise

_MAX_BYTES = 5_000_000  # of a page

_fetcher: Fetcher | None = None  # of this process, in a pool of processes


def fetch_titles(
    urls: Sequence[str],
    *,
    workers: int = 4,
    processes: bool = False,
    timeout: float = 30.0,
    allow_private: bool = False,
) -> list[str | None]:
    """The title of each page, in the order of the addresses; None for a page without one.

    Args:
        urls: addresses of pages.
        workers: threads or processes.
        processes: whether to use processes.
        timeout: seconds that one page may take.
        allow_private: whether private and loopback addresses may be asked.

    Raises:
        UserError: an address is not valid, or its page is not available or too deeply nested.
    """
    if processes:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, context, _start, (timeout, allow_private)) as pool:
            return list(pool.map(_title_in_process, urls))
    fetcher = Fetcher(USER_AGENT, timeout, allow_private=allow_private)
    try:
        with ThreadPoolExecutor(workers) as threads:
            return list(threads.map(lambda url: _title(fetcher, url), urls))
    finally:
        fetcher.close()


def _start(timeout: float, allow_private: bool) -> None:
    global _fetcher
    _fetcher = Fetcher(USER_AGENT, timeout, allow_private=allow_private)


def _title_in_process(url: str) -> str | None:
    assert _fetcher is not None
    return _title(_fetcher, url)


def _title(fetcher: Fetcher, url: str) -> str | None:
    address = normalise(url)
    if address is None:
        raise UserError("is no address of a web page", where=url)
    try:
        response = fetcher.get(address, _MAX_BYTES)
        check_complexity(response.body)
    except (FetchError, ComplexityError) as error:
        raise UserError(str(error), where=url) from error
    if response.status != 200:
        raise UserError(f"answers {response.status} {response.reason}", where=url)
    return title(decode(response.body, response.header("Content-Type")))
