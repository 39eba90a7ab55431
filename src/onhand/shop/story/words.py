"""The words the demo's products are made of."""

from typing import NamedTuple

COLOURS = {
    "RED": "red",
    "BLUE": "blue",
    "MINT": "mint",
    "CREAM": "cream",
    "SLATE": "slate",
    "ROSE": "rose",
    "OCHRE": "ochre",
    "FOREST": "forest green",
}
WOODS = {"OAK": "oak", "ASH": "ash", "WALNUT": "walnut", "BEECH": "beech"}
METALS = {"BRASS": "brass", "COPPER": "copper", "STEEL": "steel", "IRON": "black iron"}
SCENTS = {"FIG": "fig", "CEDAR": "cedar", "LINEN": "fresh linen", "SALT": "sea salt", "PINE": "pine", "ROSE": "rose"}
MOTIFS = {"FOX": "fox", "WHALE": "whale", "BEAR": "bear", "OWL": "owl", "MAP": "world map", "MOON": "moon"}
PATTERNS = {"DOT": "dotted", "LINE": "lined", "GRID": "squared", "BLANK": "blank"}
SIZES = {"S": "small", "M": "medium", "L": "large"}
ONE_SIZE = {"": ""}


class Item(NamedTuple):
    """A kind of thing and what it comes in. weight_g: of the smallest."""

    code: str
    name: str
    weight_g: int
    variants: dict[str, str]
    sizes: dict[str, str] = ONE_SIZE


CATEGORIES: dict[str, list[Item]] = {
    "Mugs & cups": [
        Item("MUG", "Mug", 350, COLOURS),
        Item("ESPRESSO", "Espresso cup", 180, COLOURS),
        Item("TUMBLER", "Tumbler", 240, COLOURS, {"S": "small", "L": "large"}),
    ],
    "Lamps": [
        Item("LAMP", "Table lamp", 1400, WOODS, SIZES),
        Item("LANTERN", "Lantern", 900, METALS, SIZES),
        Item("PENDANT", "Pendant light", 1100, METALS, {"S": "small", "L": "large"}),
    ],
    "Cushions & throws": [
        Item("CUSHION", "Cushion cover", 220, COLOURS, {"S": "40 cm", "L": "50 cm"}),
        Item("THROW", "Wool throw", 900, COLOURS),
        Item("POUF", "Knitted pouf", 2600, COLOURS),
    ],
    "Candles & scents": [
        Item("CANDLE", "Candle", 280, SCENTS, SIZES),
        Item("DIFFUSER", "Reed diffuser", 420, SCENTS),
        Item("SOAP", "Soap bar", 110, SCENTS),
    ],
    "Kitchen": [
        Item("BOARD", "Chopping board", 700, WOODS, SIZES),
        Item("JAR", "Storage jar", 450, COLOURS, {"S": "small", "L": "large"}),
        Item("SPOON", "Serving spoon", 60, WOODS),
    ],
    "Garden": [
        Item("PLANTER", "Planter", 800, COLOURS, SIZES),
        Item("CAN", "Watering can", 650, METALS, {"S": "small", "L": "large"}),
        Item("TROWEL", "Hand trowel", 320, WOODS),
    ],
    "Outdoor": [
        Item("BOTTLE", "Drinking bottle", 260, COLOURS, {"S": "0.5 l", "L": "1 l"}),
        Item("DRYBAG", "Dry bag", 150, COLOURS, {"S": "5 l", "L": "20 l"}),
        Item("HAMMOCK", "Hammock", 550, COLOURS),
    ],
    "Bags": [
        Item("TOTE", "Canvas tote", 210, COLOURS),
        Item("BACKPACK", "Backpack", 780, COLOURS, {"S": "12 l", "L": "22 l"}),
        Item("POUCH", "Zip pouch", 80, COLOURS),
    ],
    "Stationery": [
        Item("NOTEBOOK", "Notebook", 240, PATTERNS, {"S": "A6", "M": "A5", "L": "A4"}),
        Item("PEN", "Rollerball pen", 25, COLOURS),
        Item("PENCASE", "Pencil case", 90, COLOURS),
    ],
    "Toys & games": [
        Item("PUZZLE", "Jigsaw puzzle", 480, MOTIFS, {"S": "100 pieces", "L": "1,000 pieces"}),
        Item("PLUSH", "Plush toy", 190, MOTIFS, {"S": "small", "L": "large"}),
        Item("KITE", "Kite", 260, MOTIFS),
    ],
    "Walls & decor": [
        Item("FRAME", "Picture frame", 420, WOODS, SIZES),
        Item("MIRROR", "Round mirror", 1900, METALS, SIZES),
        Item("CLOCK", "Wall clock", 850, WOODS, {"S": "small", "L": "large"}),
    ],
    "Bath": [
        Item("TOWEL", "Towel", 380, COLOURS, {"S": "hand", "L": "bath"}),
        Item("MAT", "Bath mat", 620, COLOURS),
        Item("ROBE", "Bathrobe", 1100, COLOURS, {"M": "medium", "L": "large"}),
    ],
}
PREORDERS = (
    ("LAMP-AURORA", "Aurora floor lamp, first edition", "Lamps", 4200),
    ("TENT-HORIZON", "Horizon tent for two", "Outdoor", 2900),
)
DAMAGES = (
    "damaged: water",
    "damaged: broken in transit",
    "damaged: dropped",
    "lost",
    "damaged: moths",
    "expired scent",
)
COUNTRIES = {
    "DE": 28,
    "GB": 20,
    "FR": 15,
    "PL": 9,
    "ES": 9,
    "NL": 5,
    "AT": 4,
    "IT": 4,
    "BE": 2,
    "DK": 1,
    "CZ": 1,
    "PT": 1,
    "IE": 1,
}
