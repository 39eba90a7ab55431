"""The warehouses of the replayed shop: real places, at home in Britain, with stock near its customers abroad."""

from zlib import crc32

from onhand.services.requests import Location, NewWarehouse

WAREHOUSES = (
    NewWarehouse(
        code="LEI1",
        name="Leicester, Meridian Business Park",
        location=Location(latitude=52.6013, longitude=-1.1936, country="GB", postal_code="LE19 1WZ"),
        time_zone="Europe/London",
        capacity=1_500_000,
    ),
    NewWarehouse(
        code="MAN1",
        name="Manchester, Trafford Park",
        location=Location(latitude=53.4669, longitude=-2.3186, country="GB", postal_code="M17 1RG"),
        time_zone="Europe/London",
        capacity=900_000,
    ),
    NewWarehouse(
        code="DUB1",
        name="Dublin, Ballycoolin",
        location=Location(latitude=53.4096, longitude=-6.3605, country="IE", postal_code="D15 E5PC"),
        time_zone="Europe/Dublin",
        capacity=150_000,
    ),
    NewWarehouse(
        code="VEN1",
        name="Venlo, Trade Port West",
        location=Location(latitude=51.3857, longitude=6.1003, country="NL", postal_code="5928 RH"),
        time_zone="Europe/Amsterdam",
        capacity=300_000,
    ),
    NewWarehouse(
        code="LYS1",
        name="Lyon, Parc de Chesnes",
        location=Location(latitude=45.6486, longitude=5.1107, country="FR", postal_code="38070"),
        time_zone="Europe/Paris",
        capacity=200_000,
    ),
)
# A delivery of so many units gives one part in `part` of itself to a warehouse abroad.
ABROAD = (("VEN1", 144, 6), ("DUB1", 288, 12), ("LYS1", 288, 12))


def home_of(sku: str) -> str:
    """The British warehouse where most of a product lies, where returns go and where its stock is counted."""
    return "MAN1" if crc32(sku.encode()) % 10 >= 7 else "LEI1"


def spread(sku: str, units: int) -> list[tuple[str, int]]:
    """Which warehouses a delivery goes to, and how many units to each."""
    parts = [(warehouse, units // part) for warehouse, least, part in ABROAD if units >= least]
    return [(home_of(sku), units - sum(share for _, share in parts)), *parts]
