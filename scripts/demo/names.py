"""Names of customers and products of the demo shop, including hostile ones; all are fictitious."""

from __future__ import annotations

from typing import Final

GIVEN_NAMES: Final = (
    "Aisha", "Alice", "Amélie", "Anna", "Arjun", "Ben", "Björn", "Carlos",
    "Charlotte", "Chloe", "Daniel", "David", "Elena", "Emily", "Emma", "Fatima",
    "Finn", "François", "Freya", "George", "Grace", "Hannah", "Hugo", "Ingrid",
    "Isla", "Jack", "Jan", "José", "Julia", "Katarzyna", "Lars", "Lea",
    "Liam", "Lucía", "Maria", "Matteo", "Mei", "Mia", "Noah", "Nora",
    "Oliver", "Olivia", "Oscar", "Priya", "Rosa", "Ruth", "Samuel", "Sofia",
    "Søren", "Thomas", "Tomás", "Willem", "Yuki", "Zoë",
)  # fmt: skip
SURNAMES: Final = (
    "Andersson", "Bakker", "Bauer", "Bennett", "Brown", "Byrne", "Clarke", "Cohen",
    "Conti", "Costa", "Davies", "Dubois", "Edwards", "Evans", "Fernández", "Fischer",
    "Garcia", "Green", "Hall", "Hansen", "Harris", "Hughes", "Jackson", "Jansen",
    "Johnson", "Jones", "Kaur", "Khan", "Kowalski", "Laurent", "Lewis", "López",
    "Martin", "Moreau", "Müller", "Murphy", "Nguyen", "Novák", "O'Connor", "O'Neill",
    "Patel", "Petit", "Roberts", "Robinson", "Rossi", "Schmidt", "Silva", "Smith",
    "Tanaka", "Taylor", "Thompson", "van Dijk", "Walker", "Weber", "White", "Williams",
    "Wilson", "Wright", "Young", "Zhang",
)  # fmt: skip

# Names that attack a page, a spreadsheet, a query, a template or a layout.
HOSTILE_NAMES: Final = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "O'Brien; DROP TABLE customers",
    'Anna "Annie" Berg, Dr.',
    "</script><img src=x onerror=alert(1)>",
    "+44 20 7946 0000",
    "@SUM(1+1)",
    "-2+3",
    "Zoë 🛍️ Müller 👩‍👩‍👧",
    "محمد عبد الله",
    "\u202esdrawkcaB\u202c",
    "山田 太郎",
    "NULL",
    "{{ 7 * 7 }} ${7*7} %s",
    "A. " + "Very-" * 60 + "Long",
    "C:\\new\\table",
)

COUNTRIES: Final = (
    ("United Kingdom", 0.60), ("Germany", 0.09), ("France", 0.08), ("Ireland", 0.06),
    ("Netherlands", 0.045), ("Spain", 0.035), ("Italy", 0.025), ("United States", 0.02),
    ("Sweden", 0.015), ("Australia", 0.01), ("Japan", 0.008), ("Brazil", 0.006), ("Israel", 0.006),
)  # fmt: skip

STYLES: Final = ("Blue Willow", "Vintage", "Oak", "Polka Dot", "Copper")

# Category; its articles, each with minimum and maximum price in pence.
CATALOGUE: Final = (
    ("Kitchen", (
        ("Mug", 450, 1200), ("Teapot", 1600, 3900), ("Cake Tin", 850, 2200),
        ("Tea Towel", 350, 950), ("Jam Jar", 150, 420), ("Chopping Board", 1100, 3200),
    )),
    ("Home", (
        ("Candle Holder", 300, 1500), ("Cushion", 1200, 2900), ("Photo Frame", 550, 1900),
        ("Wall Clock", 1900, 5400), ("Door Mat", 1400, 3100), ("Storage Box", 650, 2400),
    )),
    ("Garden", (
        ("Plant Pot", 400, 2600), ("Bird Feeder", 750, 2300), ("Watering Can", 1300, 3400),
        ("Lantern", 900, 3800), ("Herb Marker", 120, 380), ("Garden Bench", 8900, 18900),
    )),
    ("Stationery", (
        ("Notebook", 300, 1100), ("Gift Wrap", 150, 480), ("Card Set", 250, 850),
        ("Pencil Case", 500, 1300), ("Calendar", 600, 1500), ("Sticker Sheet", 95, 320),
    )),
    ("Toys", (
        ("Jigsaw", 900, 2500), ("Building Blocks", 1400, 4200), ("Soft Bear", 1000, 2700),
        ("Skipping Rope", 400, 1000), ("Card Game", 500, 1600), ("Doll House", 4900, 12900),
    )),
    ("Bags", (
        ("Lunch Bag", 700, 1800), ("Shopper", 350, 1200), ("Backpack", 2400, 6900),
        ("Purse", 450, 1900), ("Wash Bag", 800, 2100), ("Weekend Bag", 3900, 9900),
    )),
    ("Christmas", (
        ("Bauble", 180, 650), ("Stocking", 700, 2200), ("Wreath", 1500, 4500),
        ("Advent Calendar", 900, 3300), ("Tree Star", 400, 1700), ("Fairy Lights", 850, 2900),
    )),
    ("Textiles", (
        ("Apron", 900, 2300), ("Throw", 2100, 6500), ("Oven Glove", 600, 1400),
        ("Napkin Set", 550, 1800), ("Table Runner", 1100, 3000), ("Bath Towel", 1000, 3300),
    )),
)  # fmt: skip

# Hostile names by position in the catalogue.
HOSTILE_PRODUCT_NAMES: Final = {
    17: 'Tea Towel "Best Cook", 50 by 70 cm',
    58: "Photo Frame 5' & 7' <b>large</b>",
    121: '=HYPERLINK("http://example.com","Jigsaw")',
    203: "</script><script>alert(2)</script> Bauble",
}
