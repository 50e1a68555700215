"""Papers as files and as answers: a process of its own reads the journal, writes the documents and draws them.

    papers.py   the site's end: questions in, bytes out, bounded
    child.py    the process: keeps an index of the journal and answers
    ledger.py   which rows belong to which incident
    answers.py  lists, documents, indicators, the fallback sheet
    press.py    a form drawn as PDF
What a document says is dispatch/papers'.
"""
