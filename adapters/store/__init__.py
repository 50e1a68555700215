"""The journal in SQL: SQLite on one machine, PostgreSQL at a centre, one code for both (SQLAlchemy Core).

    tables.py     what is stored           migrations/   how older journals become newer ones (Alembic)
    database.py   one URL to an engine     schema.py     fresh, current, older or newer
    journal.py    rows in, rows out, and the lock that makes one process the only writer
    clerk.py      decides a batch of asks and commits it: the desk's hand on the writer thread

Nothing outside this folder sees SQLAlchemy. Everything here blocks: it is called from threads, or by the commands.
"""
