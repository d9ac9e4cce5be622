"""Reads orders, customers and products in the shape of the Northwind data set."""
import json
from pathlib import Path


def read_orders(folder):
    """Orders as the operation `place-order` takes them."""
    orders, customers, products = (
        json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("orders", "customers", "products"))
    companies = {row["customerID"]: row["companyName"] for row in customers}
    names = {row["productID"]: row["name"] for row in products}
    return [{"id": str(row["orderID"]),
             "customer": companies[row["customerID"]],
             # The customers have no mail addresses; example.org receives nothing (RFC 2606).
             "email": row["customerID"].lower() + "@example.org",
             "cents": cents_of(row),
             "items": [{"product": line["productID"], "name": names[line["productID"]],
                        "quantity": line["quantity"]} for line in row["details"]]}
            for row in orders]


def cents_of(row):
    """Money is counted in cents, each line of an order rounded by itself."""
    lines = (line["unitPrice"] * line["quantity"] * (1 - line["discount"])
             for line in row["details"])
    return round(row["freight"] * 100) + sum(round(price * 100) for price in lines)
