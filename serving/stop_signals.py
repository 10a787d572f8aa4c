"""The signals that ask a program to stop."""

import signal
from collections.abc import Callable


def on_stop_signals(act: Callable[[], object]) -> None:
    """Do something whenever a signal asks this program to stop, so that every stop is an orderly one."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup asks us to survive SIGHUP
            signal.signal(number, lambda *_: act())
