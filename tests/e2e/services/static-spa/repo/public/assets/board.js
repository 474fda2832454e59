document.getElementById("board").textContent = "ready";
