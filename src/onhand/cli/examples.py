"""What stands below each command's help. A paragraph is one line: the terminal breaks it."""

ONHAND = """Examples:
  onhand serve --migrate --demo    a live shop to look at
  onhand import stock stock.csv    receive a delivery
  onhand reconcile                 prove that nothing was lost

Settings come from the environment: `onhand config` lists them. \
Add --debug to any command to see the traceback of an error.
"""

OF = {
    "import": """Examples:
  onhand import products products.csv
  onhand import stock stock.csv.gz --dry-run
  onhand import orders orders.csv
""",
    "importing:products": """The file has the columns sku and name, and any of category, weight_g, length_mm, \
width_mm, height_mm, selling_mode (deny, backorder or preorder), selling_limit and release_date.

Examples:
  onhand import products products.csv
  onhand import products products.csv --update --report refused.csv
  gunzip -c products.csv.gz | onhand import products - --dry-run
""",
    "importing:stock": """The file has the columns sku, warehouse and quantity. The same content is received once: \
after a crash, or when what was refused has been mended, import the same file again and it continues.

Examples:
  onhand import stock stock.csv --dry-run
  onhand import stock stock.csv --report refused.csv
""",
    "migrating:migrate": """Examples:
  onhand migrate
  onhand migrate --check    list what is pending; exit 1 if anything is
""",
    "config:config": """Examples:
  onhand config
  psql "$(onhand config --json --show-secrets | jq -r .database_url)"
""",
}
