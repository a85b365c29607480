// Says so when the scripts of a page did not begin: in an old browser, or when a file did not arrive. A classic script in
// the oldest form of the language, since it has to run where the others can't.
(function () {
  function begun() {
    return document.documentElement.hasAttribute("data-begun");
  }
  function say() {
    var hint = document.getElementById("late");
    if (hint && !begun()) hint.hidden = false;
  }
  window.addEventListener("load", function () {
    if ("noModule" in document.createElement("script")) setTimeout(say, 5000);
    else say();
  });
})();
