// The theme that was chosen on this device, before anything is painted. A classic script: it has to come first.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "bright" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage that is closed to us: the theme of the system.
}
