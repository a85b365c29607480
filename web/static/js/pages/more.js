// More: what does not fit into the bar; the shell does all there is to do.
