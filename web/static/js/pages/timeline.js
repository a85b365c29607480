// Timeline of a battery.
