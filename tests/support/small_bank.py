"""A schema for the tests of storage: accounts, and entries that belong to them under a composite key."""

from sqlalchemy import Column, Engine, ForeignKey, Integer, MetaData, String, Table, select

from shared.storage.book import Book
from shared.storage.engine import open_engine, read

METADATA = MetaData()
# declared before the table it refers to, so that order of declaration is not order of insertion
ENTRY = Table(
    "entry",
    METADATA,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("amount", Integer, nullable=False),
)
ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("amount", Integer, nullable=False, default=0),
    Column("note", String(32)),
    Column("iban", String(32), unique=True),
)


def open_bank(url: str, *accounts: str) -> Engine:
    """Open the database, with these accounts at zero."""
    engine = open_engine(url)
    METADATA.create_all(engine)
    if accounts:
        with engine.begin() as connection:
            connection.execute(ACCOUNT.insert(), [{"id": account, "amount": 0} for account in accounts])
    return engine


def amounts(engine: Engine) -> dict[str, int]:
    """What is committed."""
    with read(engine) as connection:
        return {row.id: row.amount for row in connection.execute(select(ACCOUNT))}


def add_one(book: Book, account: str = "a") -> int:
    """Read, then write: the pattern that loses updates where transactions are not serialised."""
    row = book.get(ACCOUNT, account)
    assert row is not None
    return int(book.update(ACCOUNT, account, amount=row["amount"] + 1)["amount"])


def lock_account(book: Book, account: str = "a") -> None:
    """What the writers of several processes begin with."""
    book.lock(ACCOUNT, account)
