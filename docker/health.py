"""Exit code 0 where this container's JupyterLab answers; the HEALTHCHECK of the images."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", 8888, timeout=4)  # Past any proxy.
try:
    connection.request("GET", "/api")
    status = connection.getresponse().status
except OSError as error:
    sys.exit(f"JupyterLab does not answer: {error}")
if status != 200:
    sys.exit(f"JupyterLab answers with status {status}")
