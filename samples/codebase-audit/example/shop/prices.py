"""What things cost."""

import csv
import io

import shop.cart

TABLE = "article,price\nlamp,30\nchair,80\n"


def price(article):
    """Look a price up."""
    for row in csv.DictReader(io.StringIO(TABLE)):
        if row["article"] == article:
            return int(row["price"])
    raise LookupError(article)


def of_cart(cart: "shop.cart.Cart"):
    return [price(article) for article, _ in cart.lines]
