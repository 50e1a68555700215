"""The safety nets (安全网): what the present picture and the present world together say needs somebody's attention.

    Skies.make   a copy of what flies, on the reactor        sky.py
    Nets.look    every net over it, on a thread              nets.py
    AlertBook    what began, grew worse, ended               ../alerts.py

One net a file. A net is pure: time is in the sky, what it remembers between looks (hysteresis) is its own. Its figures
come from dated rows (parameters.py). Every alert is an aid and replaces no control (辅助告警, 不替代管制); who
acknowledges, shelves or inhibits one is not decided here.
"""
