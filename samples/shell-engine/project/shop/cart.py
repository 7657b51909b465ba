from shop.prices import total


class Cart:
    """What a customer wants to buy."""

    def __init__(self):
        self.items = []

    def add(self, name, price):  # TODO: refuse a price below zero
        self.items.append((name, price))

    def sum(self):
        return total([price for _, price in self.items])
