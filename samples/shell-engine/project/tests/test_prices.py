from shop.prices import discounted, total


def test_prices_add_up():
    assert total([100, 250]) == 350


def test_a_discount_is_rounded_down():
    assert discounted(99, 10) == 89
