from pathlib import Path

import pytest
from shop_tools import real_file


@pytest.fixture(scope="session")
def real_orders() -> Path:
    path = real_file()
    if path is None:
        pytest.skip("the real orders are not here: ../shared/data of the repository is missing")
    return path
