"""What the codes, countries and remarks in an order file mean."""

import re

# Codes that are no goods. Upper case, as codes are compared.
NO_GOODS = {
    "POST": "postage",
    "DOT": "postage of the web shop",
    "C2": "carriage",
    "M": "manual entry",
    "D": "discount",
    "S": "samples",
    "B": "bad debt",
    "BANK CHARGES": "bank charges",
    "AMAZONFEE": "fee of a marketplace",
    "CRUK": "commission to a charity",
    "PADS": "accessory without stock",
}
NO_GOODS_PREFIXES = {"GIFT_": "gift voucher"}

# Country → ISO 3166-1 alpha-2. Names that are no country, and those we do not know, have no place to ship to.
COUNTRIES = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Channel Islands": "JE",  # Jersey, the largest of them: the islands have no code in common
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
}

# Why stock was corrected: the first that fits. Remarks are free text, typed in a hurry.
REASONS = (
    (r"damag|broke|crack|crush|smash|rust|wet|mould|fault|smudge|water", "damaged"),
    (r"thr[ow]+n? away|dispos|unsal", "thrown away"),
    (r"lost|missing|\bmia\b|mystery|not rcvd", "lost"),
    (r"found|turned up", "found"),
    (r"barcode|code|mix ?up|label|marked", "wrong code"),
    (r"credit|return", "credit corrected"),
    (r"dotcom|ebay|amazon|sold as|sold in|sold set|as set", "sold elsewhere"),
    (r"sample|showroom|display|given away|mailout", "given away"),
    (r"check|count|adjust|\?", "check"),
)
UNSAID = "unexplained"
REMARK_MAX_CHARS = 80


def no_goods(sku: str) -> str | None:
    """What a code stands for that is no goods; None for goods."""
    for prefix, meaning in NO_GOODS_PREFIXES.items():
        if sku.startswith(prefix):
            return meaning
    return NO_GOODS.get(sku)


def correction_reason(remark: str) -> str:
    """The reason of a correction: a word to count by, and what was written."""
    text = " ".join(remark.split())[:REMARK_MAX_CHARS]
    if not text:
        return UNSAID
    for pattern, reason in REASONS:
        if re.search(pattern, text.lower()):
            return reason if text.lower() == reason else f"{reason}: {text}"
    return f"other: {text}"


def is_name(description: str, price: float) -> bool:
    """Whether a description names the product: names are in capitals and on priced lines, remarks are not."""
    upper = sum(character.isupper() for character in description)
    return price > 0 and upper > sum(character.islower() for character in description)
