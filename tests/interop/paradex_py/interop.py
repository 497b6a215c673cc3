"""The official Paradex client against the simulated venue, unchanged but for URL and CA.

Usage: interop.py REST_URL WS_URL CA_FILE

Walks the life of a trader: onboarding with a key derived from an L1 key, markets, a book and best prices in SBE,
orders placed, modified and cancelled by REST and over the WebSocket, then orders, fills and positions. Exits with 1
and one sentence at the first thing that is not as the venue's documents say.
"""

import asyncio
import os
import sys
import time
from decimal import Decimal

if len(sys.argv) != 4:
    sys.exit(__doc__)
REST_URL, WS_URL, CA_FILE = sys.argv[1:]
os.environ["SSL_CERT_FILE"] = CA_FILE  # read by httpx and by the ssl module's default context

from paradex_py import Paradex  # noqa: E402
from paradex_py.api.ws_client import ParadexWebsocketChannel as Channel  # noqa: E402
from paradex_py.api.ws_client import WsRpcError  # noqa: E402
from paradex_py.common.order import Order, OrderSide, OrderType  # noqa: E402

MARKET = "ETH-USD-PERP"
# A made-up key, the one of the golden vector `derive_testnet_A`, and the account it leads to.
L1_KEY = "0x519823a44ef75569a2360be3e09dcb76664ea4bb5c1d099e5a00b7c00a2fda64"
L1_ADDRESS = "0xCAE3ECf73E440dFc8a941b9032136fC0b8349D34"
ACCOUNT = 0x497AA52D89BDBF866616EA6C3B96AB22F13BC297B5467270B8D311DE9B2B14E
PATIENCE_S = 10


class Wrong(Exception):
    """What is not as it should be."""


def expect(holds, sentence):
    if not holds:
        raise Wrong(sentence)


async def until(condition, sentence):
    """Waits for a condition, at most PATIENCE_S."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        expect(time.monotonic() < end, f"waited {PATIENCE_S} s in vain: {sentence}")
        await asyncio.sleep(0.02)


last_stamp = 0


def order(side, size, price, instruction="GTC", client_id="", order_id=None, reduce_only=False):
    """An order whose signature timestamp was not used before."""
    global last_stamp
    last_stamp = max(last_stamp + 1, int(time.time() * 1000))
    return Order(
        market=MARKET,
        order_type=OrderType.Limit,
        order_side=side,
        size=Decimal(size),
        limit_price=Decimal(price),
        client_id=client_id,
        signature_timestamp=last_stamp,
        instruction=instruction,
        reduce_only=reduce_only,
        order_id=order_id,
    )


class Seen:
    """Everything the subscriptions brought, by channel."""

    def __init__(self):
        self.messages = {}

    def callback(self, name):
        self.messages[name] = []

        async def on_message(_channel, message):
            self.messages[name].append(message["params"]["data"])

        return on_message

    def __getitem__(self, name):
        return self.messages[name]


def word(value):
    """The last part of an enum's word: ORDER_STATUS_CLOSED and CLOSED are the same."""
    return str(value).rsplit("_", 1)[-1]


def member(message, *names):
    """A member whose name differs between the JSON and the SBE form."""
    for name in names:
        if message.get(name) is not None:
            return message[name]
    raise Wrong(f"none of {names} in {message}")


async def main():
    paradex = Paradex(
        env="testnet",
        l1_address=L1_ADDRESS,
        l1_private_key=L1_KEY,
        api_base_url=REST_URL,
        ws_url_override=WS_URL,
        ws_sbe_enabled=True,
        disable_reconnect=True,
    )
    api, ws, seen = paradex.api_client, paradex.ws_client, Seen()
    expect(paradex.account.l2_address == ACCOUNT, "the client derives another account from the key")

    markets = {m["symbol"]: m for m in api.fetch_markets()["results"]}
    expect(MARKET in markets, f"{MARKET} is not listed")
    tick = Decimal(markets[MARKET]["price_tick_size"])
    bbo = api.fetch_bbo(MARKET)
    bid, ask = Decimal(bbo["bid"]), Decimal(bbo["ask"])
    expect(0 < bid < ask, f"best prices make no sense: {bbo}")
    low = (bid * Decimal("0.97")).quantize(tick)
    high = (ask * Decimal("1.01")).quantize(tick)
    start = Decimal(api.fetch_balances()["results"][0]["size"])

    expect(await ws.connect(), "the WebSocket did not connect")
    book, best = f"order_book.{MARKET}.snapshot@15@100ms", f"bbo.{MARKET}"
    await ws.subscribe(Channel.ORDER_BOOK, seen.callback(book), {"market": MARKET})
    await ws.subscribe(Channel.BBO, seen.callback(best), {"market": MARKET})
    await ws.subscribe(Channel.ORDERS, seen.callback("orders"), {"market": "ALL"})
    await ws.subscribe(Channel.FILLS, seen.callback("fills"), {"market": "ALL"})
    await ws.subscribe(Channel.POSITIONS, seen.callback("positions"))
    await until(lambda: len(ws.get_subscriptions()) == 5, "not every subscription was confirmed")
    await until(lambda: seen[book] and seen[best], "no book or no best prices came")
    top = seen[book][-1]
    expect(len(top["bids"]) == 15 and len(top["asks"]) == 15, f"the snapshot has not 15 levels a side: {top}")
    front = seen[best][-1]
    expect(Decimal(front["bid_price"]) < Decimal(front["ask_price"]), f"best prices in SBE are crossed: {front}")

    # By REST: place, modify, read, cancel.
    placed = api.submit_order(order(OrderSide.Buy, "0.1", low, client_id="rest-1"))
    expect(placed["status"] == "NEW" and placed["client_id"] == "rest-1", f"the order was not acknowledged as NEW: {placed}")
    open_ids = [o["id"] for o in api.fetch_orders()["results"]]
    expect(open_ids == [placed["id"]], f"open orders are {open_ids}")
    changed = api.modify_order(placed["id"], order(OrderSide.Buy, "0.2", low - tick, order_id=placed["id"]))
    expect(changed["id"] == placed["id"], "a modified order has another id")
    by_id = api.fetch_order(placed["id"])
    expect(Decimal(by_id["size"]) == Decimal("0.2") and Decimal(by_id["price"]) == low - tick, f"not modified: {by_id}")
    expect(api.fetch_order_by_client_id("rest-1")["id"] == placed["id"], "the client id leads elsewhere")
    api.cancel_order(placed["id"])
    expect(api.fetch_orders()["results"] == [], "the cancelled order is still open")

    def last_of(order_id):
        events = [m for m in seen["orders"] if member(m, "order_id", "id") == order_id]
        return events[-1] if events else None

    def ended(order_id):
        event = last_of(order_id)
        return event is not None and word(event["status"]) == "CLOSED"

    await until(lambda: ended(placed["id"]), "the order stream did not tell the cancel")
    expect(last_of(placed["id"])["cancel_reason"] == "USER_CANCELED", "the cancel has another reason")

    # Over the WebSocket: the same, then a batch.
    reply = await ws.submit_order(order(OrderSide.Sell, "0.1", high, "POST_ONLY", client_id="ws-1"))
    ws_id = reply["order"]["id"]
    reply = await ws.modify_order(ws_id, order(OrderSide.Sell, "0.15", high + tick, "POST_ONLY", order_id=ws_id))
    expect(reply["order"]["id"] == ws_id, "a modified order has another id over the WebSocket")
    await until(lambda: last_of(ws_id) and Decimal(last_of(ws_id)["size"]) == Decimal("0.15"), "no event of the modification")
    reply = await ws.cancel_order_by_client_id("ws-1", MARKET)
    expect(reply["status"] == "QUEUED_FOR_CANCELLATION", f"the cancel was answered with {reply}")
    await until(lambda: ended(ws_id), "the order stream did not tell the cancel over the WebSocket")
    try:
        await ws.cancel_order(ws_id)
        raise Wrong("a closed order was cancelled again")
    except WsRpcError as error:
        expect(error.code == 100, f"cancelling a closed order gives code {error.code}")
    batch = await ws.submit_orders_batch([order(OrderSide.Buy, "0.1", low) for _ in range(2)])
    ids = [r["order"]["id"] for r in batch["results"]]
    reply = await ws.cancel_orders_batch(ids + ["1"])
    words = [r["status"] for r in reply["results"]]
    expect(words == ["QUEUED_FOR_CANCELLATION"] * 2 + ["NOT_FOUND"], f"the batch cancel says {words}")
    expect((await ws.cancel_on_disconnect(True))["enabled"] is True, "cancel on disconnect was not confirmed")

    # Trade: buy by REST, sell over the WebSocket, flat in the end.
    bought = api.submit_order(order(OrderSide.Buy, "0.05", high, "IOC"))
    await until(lambda: ended(bought["id"]), "the buy did not end")
    position = api.fetch_positions()["results"][0]
    expect(position["side"] == "LONG" and Decimal(position["size"]) == Decimal("0.05"), f"after buying: {position}")
    await until(lambda: seen["positions"], "no position event came")
    sold = await ws.submit_order(order(OrderSide.Sell, "0.05", low, "IOC", reduce_only=True))
    await until(lambda: ended(sold["order"]["id"]), "the sell did not end")
    fills = api.fetch_fills({"market": MARKET})["results"]
    expect(sum(Decimal(f["size"]) for f in fills) == Decimal("0.1"), f"the fills do not add up: {fills}")
    await until(lambda: len(seen["fills"]) == len(fills), "fills came by REST that the stream did not tell")
    expect(Decimal(api.fetch_positions()["results"][0]["size"]) == 0, "the account is not flat")
    change = sum(Decimal(f["realized_pnl"]) + Decimal(f["realized_funding"]) - Decimal(f["fee"]) for f in fills)
    balance = Decimal(api.fetch_balances()["results"][0]["size"])
    expect(balance == start + change, f"the balance is {balance}, not {start} + {change}")
    summary = api.fetch_account_summary()
    expect(Decimal(summary.account_value) == balance, f"a flat account is worth its balance, not {summary.account_value}")
    history = api.fetch_orders_history({"market": MARKET})["results"]
    expect(len(history) == 6, f"history has {len(history)} orders, not 6")
    await ws.close()


try:
    asyncio.run(main())
except Wrong as wrong:
    sys.exit(f"interop: {wrong}")
except Exception as error:  # whatever the client itself stumbles over
    sys.exit(f"interop: the official client failed with {type(error).__name__}: {error}")
print("interop: the official client is content")
