"""Prices in cents."""


def total(prices: list[int]) -> int:
    """Add prices up."""
    return sum(prices)


def discounted(price: int, percent: int) -> int:
    """Take a share off, rounded down."""
    return price * (100 - percent) // 100
