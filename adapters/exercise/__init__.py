"""Exercises: simulated aircraft and scripted seats. A client of the server like any other, in a process of its own.

Everything here comes in by the public doors: aircraft by ADS-B frames on the feed's socket, people by HTTP with
accounts of their own that are marked scripted. The server knows nothing of this package.

flight.py and traffic.py are pure models of motion, crew.py and seats.py pure rules of what is done next;
transmit.py turns states into frames; doors.py, simulator.py and recording.py touch sockets; run.py is the process;
leash.py ends a child when its parent is gone.
"""
