"""The page of a report: a Jinja template, with nothing to load from elsewhere."""

from __future__ import annotations

__all__ = ["PAGE"]

_STYLE = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif;max-width:72rem;margin:2rem auto;
padding:0 1.5rem;color:#222;background:#fff}
h1{font-size:1.7rem;margin-bottom:.2rem}h2{font-size:1.25rem;margin-top:2.4rem;border-bottom:1px solid #ccc;
padding-bottom:.2rem}h3{font-size:1rem;margin:1.2rem 0 .3rem}
table{border-collapse:collapse;margin:.6rem 0 1rem;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .6rem;border-bottom:1px solid #e2e2e2;text-align:right;vertical-align:top}
th{border-bottom:2px solid #999;font-weight:600;vertical-align:bottom}
td:first-child,th:first-child,.left{text-align:left}
tbody th{border-bottom:1px solid #e2e2e2;font-weight:normal}
.small{font-size:12px;color:#555}.no{font-size:12px;color:#777;max-width:14rem}
.nowrap,#ranking td,#ranking th,#disagreements td,#measures .small{white-space:nowrap}
#ranking .no{white-space:normal}#disagreements th{overflow-wrap:anywhere;max-width:9rem}
.side{display:flex;flex-wrap:wrap;gap:0 2.5rem}.group td{background:#f3f5f8;font-weight:600}
.wide{overflow-x:auto}.charts{display:flex;flex-wrap:wrap;gap:1.5rem}svg text{font-size:12px;fill:#444}
svg text[fill]{fill:#fff}
figure{margin:.3rem;display:inline-block;vertical-align:top;width:118px;font-size:12px;line-height:1.3;
overflow-wrap:anywhere}.charts figure{width:auto;margin:0}
figure img{width:96px;height:96px;object-fit:contain;image-rendering:pixelated;background:#f4f4f4;
border:1px solid #ccc;display:block;margin-bottom:.2rem}
td img{width:48px;height:48px;object-fit:contain;image-rendering:pixelated;border:1px solid #ccc}
.matrix td,.matrix th{text-align:center;padding:.2rem .4rem;border:1px solid #e2e2e2;min-width:1.6rem}
.matrix th{font-weight:normal;color:#555}.matrix .axis{color:#222;font-style:italic}
pre{background:#f4f4f4;padding:.7rem;white-space:pre-wrap;overflow-wrap:anywhere}
code{overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}figure,tr,svg{break-inside:avoid}}
"""

PAGE = (
    """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta name="viewport" content="width=device-width"><style>"""
    + _STYLE
    + """</style></head><body>
<h1>{{ title }}</h1>
<p>{{ subtitle }}</p>

<h2>Ranking</h2>
<div class="wide"><table id="ranking"><thead><tr><th>model</th><th>{{ order.name }}</th>
<th class="left" colspan="2">95 % interval</th>{% for _, title in beside %}<th>{{ title }}</th>{% endfor %}
<th>not<br>answered</th></tr></thead><tbody>
{% for row in rows %}<tr><td>{{ loop.index }}. {{ row.run.name }}</td><td>{{ value(row, order) }}</td>
<td class="left">{{ interval(row, order) }}</td><td>{{ forest[loop.index0]|safe }}</td>
{% for one, _ in beside %}{{ cell(row, one) }}{% endfor %}<td>{{ row.run.failures|length }}</td></tr>
{% endfor %}</tbody></table></div>

<h2>What may be concluded, and what may not</h2>
<ul id="conclusions">{% for line in words %}<li>{{ line }}</li>{% endfor %}</ul>
{% if pairs %}<table id="pairs"><thead><tr><th>pair</th><th>only the first<br>is right</th>
<th>only the second
<br>is right</th><th>difference in accuracy,<br>95 % interval</th><th>p (McNemar)</th><th>p (Holm)</th></tr>
</thead><tbody>{% for pair in pairs %}<tr><td>{{ pair.first }}<br>{{ pair.second }}</td>
<td>{{ pair.only_first }}</td><td>{{ pair.only_second }}</td>
<td>{{ "%+.3f"|format(pair.difference.low) }} to {{ "%+.3f"|format(pair.difference.high) }}</td>
<td>{{ "%.2g"|format(pair.p_value) }}</td><td>{{ "%.2g"|format(pair.adjusted) }}</td></tr>{% endfor %}
</tbody>
</table>{% endif %}

{% if parity %}<h2>The same model in several frameworks</h2>
<table id="parity"><thead><tr><th>frameworks</th><th>largest score difference</th>
<th>different answers</th></tr>
</thead><tbody>{% for one in parity %}<tr><td>{{ one.first }} and {{ one.second }}</td>
<td>{{ "no scores" if one.difference is none else "%.2g"|format(one.difference) }}</td>
<td>{{ one.answers }}</td>
</tr>{% endfor %}</tbody></table>{% endif %}

<h2>Measures</h2>
<div class="wide"><table id="measures"><thead><tr><th>measure</th>{% for row in rows %}
<th>{{ row.run.name }}</th>{% endfor %}</tr></thead><tbody>
{% for group, ones in groups %}<tr class="group"><td colspan="{{ rows|length + 1 }}">{{ group }}</td></tr>
{% for one in ones %}<tr><td title="{{ one.description }}">{{ one.name }}
<span class="small">{{ "↓" if one.better == "lower" else "↑" }}</span></td>
{% for row in rows %}{{ cell(row, one, true) }}{% endfor %}</tr>{% endfor %}{% endfor %}</tbody></table>
</div>
<p class="small">↑ higher is better, ↓ lower is better; below a value its 95 % interval.</p>

<h2>Cost against {{ order.name }}</h2>
{% if cost %}<div class="side"><div id="cost">{{ cost|safe }}</div><ol class="small">{% for row in rows %}<li>
{{ row.run.name }}</li>{% endfor %}</ol></div>
<p class="small">Numbers are places in the ranking; lines are
95 % intervals. Latency is that of single pictures asked for one by one from this computer.</p>
{% else %}<p>not applicable: no latency was measured</p>{% endif %}

<h2>Calibration</h2>
{% if charts %}<p class="small">Of the answers given with some confidence, how many are right. On the
dashed line
confidence can be taken at its word; below it the model is too sure of itself.</p>
<div class="charts" id="calibration">{% for names, chart in charts %}<figure>{{ chart|safe }}
<figcaption>{{ names }}</figcaption></figure>{% endfor %}</div>
{% else %}<p>not applicable: no model gives probabilities</p>{% endif %}

<h2>{{ "Classes" if multi_label else "Confusion matrices and classes" }}</h2>
{% for one in classes %}<h3>{{ one.names }}</h3><div class="side">
{% if one.cells %}<div class="wide"><table class="matrix"><tr><th></th>
<th class="axis" colspan="{{ one.labels|length }}">answered</th></tr><tr><th class="axis">true</th>
{% for label in one.labels %}<th>{{ label }}</th>{% endfor %}</tr>{% for line in one.cells %}<tr>
<th>{{ one.labels[loop.index0] }}</th>{% for cell in line %}
<td style="background:{{ cell.colour }};color:{{ cell.ink }}">{{ cell.count or "" }}</td>{% endfor %}</tr>
{% endfor %}</table></div>{% elif one.worst %}<div><p class="small">{{ one.labels|length }} classes are too
many for a matrix here; report.json has it.<br>The most frequent confusions:</p><table class="confusions">
<thead><tr><th>true</th><th class="left">answered</th><th>items</th></tr></thead><tbody>
{% for line in one.worst %}<tr><td>{{ line[0] }}</td><td class="left">{{ line[1] }}</td><td>{{ line[2] }}</td>
</tr>{% endfor %}</tbody></table></div>{% endif %}
<div class="wide"><table class="classes"><thead><tr><th>class</th><th>items</th><th>precision</th>
<th>recall</th><th>F1</th><th>Jaccard</th></tr></thead><tbody>
{% for line in one.classes %}<tr><td>{{ line.label }}</td>
<td>{{ line["items"] }}</td><td>{{ "%.3f"|format(line.precision) }}</td>
<td>{{ "%.3f"|format(line.recall) }}</td><td>{{ "%.3f"|format(line.f1) }}</td>
<td>{{ "%.3f"|format(line.jaccard) }}</td></tr>{% endfor %}</tbody></table>
{% if one.cut %}<p class="small">The {{ one.classes|length }} classes of lowest F1; report.json has all.</p>
{% endif %}</div></div>{% endfor %}

<h2>Most confident mistakes</h2>
{% for names, shown, count in mistakes %}
<h3>{{ names }} <span class="small">{{ shown|length }} of {{ count }}
</span></h3><div class="mistakes">{% for one in shown %}<figure>{% if one.picture.data %}
<img alt="{{ one.name }}" src="{{ one.picture.data }}">{% endif %}<figcaption>is {{ one.truth }}, answered
<b>{{ one.label or "nothing" }}</b>{% if one.score is not none %} ({{ "%.2f"|format(one.score) }}){%
endif %}<br>
<span class="small">{{ one.name }}{% if one.picture.note %}<br>{{ one.picture.note }}{% endif %}</span>
</figcaption></figure>{% else %}<p>none</p>{% endfor %}</div>{% endfor %}
<p class="small">{{ rule }}</p>

<h2>Where the models disagree</h2>
{% if disagreements %}<p>{{ disagreement_count }} of {{ item_count }} items
{%- if disagreements|length < disagreement_count %}; the first {{ disagreements|length }} are shown,
answers.csv has all{% endif %}.</p><div class="wide"><table id="disagreements"><thead><tr><th></th>
<th class="left">item</th><th class="left">true</th>{% for row in rows %}
<th class="left">{{ row.run.name }}</th>
{% endfor %}</tr></thead><tbody>{% for one in disagreements %}<tr><td>{% if one.picture.data %}
<img alt="" src="{{ one.picture.data }}">{% endif %}</td><td class="left">{{ one.name }}</td>
<td class="left">{{ one.truth }}</td>{% for label, right in one.answers %}<td class="left">
{% if right %}{{ label }}{% else %}<b>{{ label or "nothing" }}</b>{% endif %}</td>{% endfor %}
</tr>{% endfor %}
</tbody></table></div><p class="small">Bold: not the true class.</p>
{% else %}<p>Nowhere: all rows give the same answers.</p>{% endif %}

<h2>Not answered, or left out</h2>
{% if lost %}<ul id="lost">{% for name, why in lost %}<li>{{ name }}: {{ why }}</li>{% endfor %}</ul>
{% else %}<p>Nothing.</p>{% endif %}

<h2>How it was measured</h2>
<p id="methods">{{ methods }}</p>
<h2>To repeat it</h2>
<pre id="command">{{ command }}</pre>
<table id="versions"><thead><tr><th>model</th><th class="left">framework</th><th class="left">device</th>
<th class="left">server</th><th class="left">digest of package and weights (SHA-256)</th></tr></thead>
<tbody>
{% for row in rows %}<tr><td>{{ row.run.name }}</td><td class="left">{{ row.run.framework }}
{{ row.run.costs.place.framework_version }}</td><td class="left">{{ row.run.costs.place.device }}</td>
<td class="left">{{ row.run.costs.place.server }}</td><td class="left"><code>{{ row.run.digest }}</code>
</td></tr>
{% endfor %}</tbody></table>
<p>Pictures and labels: <code>{{ dataset_digest }}</code> (SHA-256 over places, labels, sizes and times
of change).
Compared with {{ versions }}.</p>
</body></html>
"""
)
