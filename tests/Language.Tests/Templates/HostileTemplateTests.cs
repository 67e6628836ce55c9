using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.TestKit;

namespace DeepSeekOrleans.Language.Tests.Templates;

[Collection(TimingCollection.Name)]
public sealed class HostileTemplateTests
{
    private const int TemplateCount = 300;
    private const int OutputCap = 16_000_000;
    private static readonly TimeSpan TimeCap = TimeSpan.FromMilliseconds(100);

    private static readonly string[] Walks =
    [
        "''.__class__", "''['__class__']", "().__class__.__bases__[0].__subclasses__()", "messages.__init__.__globals__", "range.__globals__",
        "namespace.__init__", "loop.__class__", "raise_exception.__code__", "{}.__class__.__mro__", "(1).__class__", "none.__class__", "true.__class__",
        "messages[0].__class__", "''.format.__globals__", "''|attr('__class__')", "self._TemplateReference__context", "cycler.__init__.__globals__.os",
        "joiner.__init__", "lipsum.__globals__['os'].popen('id').read()", "config.items()", "request.application", "get_flashed_messages.__globals__",
        "''.GetType()", "messages.GetType().Assembly", "''.join.__self__", "strftime_now.__wrapped__", "dict.__base__", "messages|map(attribute='__class__')|first|length",
        "undefined_name.x", "undefined_name()",
    ];

    private static readonly string[] Loops =
    [
        "{% for i in range(N) %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(N) %}{{ i * j }}{% endfor %}{% endfor %}",
        "{% set ns = namespace(t='ab') %}{% for i in range(N) %}{% set ns.t = ns.t + ns.t %}{% endfor %}{{ ns.t }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(N) %}{% set ns.l = ns.l + ns.l %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(N) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(N) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
        "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(N) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
        "{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaa' * N }}{% endfor %}",
        "{% for i in range(99999) %}{{ ('ab' * 99999).replace('a', 'bbbbbbbbbbbbbbbbb') }}{% endfor %}",
        "{% for i in range(99999) %}{{ ('a ' * 99999).split()|join('xxxxxxxxxx')|length }}{% endfor %}",
        "{% for c in 'a' * N %}{{ 'a' * N }}{% endfor %}",
        "{{ range(99999)|map('string')|map('upper')|map('lower')|join * N }}",
        "{% for i in range(N) %}{{ range(99999)|list|sort|reverse|unique|list|length }}{% endfor %}",
    ];

    private static readonly string[] Repeats =
    [
        "{{ 'a' * N }}", "{{ N * 'abc' }}", "{{ ['a'] * N }}", "{{ [1, 2] * N * N }}", "{{ range(N) }}", "{{ 2 ** N }}", "{{ 'a'|indent(N) * N }}",
        "{{ ('a' * 99999) * N }}", "{{ 'x'.join(['y'] * N) }}", "{{ 10 ** 10 ** N }}", "{{ messages|tojson(indent=N) * N }}", "{{ 'a'.replace('', 'b' * N) * N }}",
        "{{ (-1) ** N }}{{ 'a' * N }}", "{{ strftime_now('%Y' * N) }}", "{{ ('a' * N).upper().lower().title() }}",
    ];

    private static readonly Func<int, string>[] Recursions =
    [
        _ => "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        _ => "{% macro f(x) %}{{ g(x ~ 'a') }}{% endmacro %}{% macro g(x) %}{{ f(x ~ 'b') }}{% endmacro %}{{ f('') }}",
        _ => "{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
        n => "{{ " + new string('(', n) + "1" + new string(')', n) + " }}",
        n => "{{ " + new string('[', n) + new string(']', n) + " }}",
        n => "{{ " + string.Concat(Enumerable.Repeat("not ", n)) + "1 }}",
        n => "{{ " + string.Concat(Enumerable.Repeat("-", n)) + "1 }}",
        n => "{{ 1" + string.Concat(Enumerable.Repeat(" + 1", n)) + " }}",
        n => "{{ x" + string.Concat(Enumerable.Repeat(".x", n)) + " }}",
        n => "{{ x" + string.Concat(Enumerable.Repeat("|string", n)) + " }}",
        n => string.Concat(Enumerable.Repeat("{% if 1 %}", n)) + string.Concat(Enumerable.Repeat("{% endif %}", n)),
        n => string.Concat(Enumerable.Repeat("{% for a in [1, 2] %}", n)) + "x" + string.Concat(Enumerable.Repeat("{% endfor %}", n)),
        n => "{{ 1" + string.Concat(Enumerable.Repeat(" if 1 else 1", n)) + " }}",
        n => "{{ {" + string.Concat(Enumerable.Repeat("'a': {", n)) + string.Concat(Enumerable.Repeat("}", n)) + "} }}",
        n => "{{ f" + new string('(', n) + " }}",
    ];

    private static readonly string[] Foreign =
    [
        "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{% extends 'x' %}", "{% from 'a' import b %}", "{% block x %}{% endblock %}",
        "{% call f() %}{% endcall %}", "{% do x.append(1) %}", "{% set messages.x = 1 %}", "{% set a.b.c = 1 %}", "{{ messages.append(1) }}",
        "{{ messages.clear() }}", "{{ messages[0].update({'a': 1}) }}", "{{ x|unknown }}", "{{ x is unknown }}", "{% unknown %}",
        "{% if %}", "{{ 'open }}", "{% for x in %}{% endfor %}", "{{ 1 // 0 }}", "{{ 1 % 0 }}", "{{ messages|first|attr('x') }}", "{% break %}",
        "{{ 'a' + 1 }}", "{{ messages.x.y }}", "{{ raise_exception('no') }}", "{% raw %}", "{# open", "{{ }}", "{{ 'a'.format(1) }}", "{% debug %}",
    ];

    [Fact]
    public void S10_Render_HostileTemplate_IsRefusedOrStoppedInTime()
    {
        ModelLanguage demo = ModelLanguage.Load(Repository.DemoModel);
        string[] templates = [.. Templates().Take(TemplateCount)];
        templates.Take(30).ToList().ForEach(template => Run(demo.Tokenizer, template));

        string[] late = [.. templates.Select(template => Failure(demo.Tokenizer, template)).OfType<string>()];

        Assert.Equal(TemplateCount, templates.Length);
        Assert.True(late.Length == 0, string.Join("\n", late));
    }

    // the kinds in turn, each with sizes from large to absurd
    private static IEnumerable<string> Templates()
    {
        long[] sizes = [1_000_000_000, 100_000, 99_999, 10_000, 2_000_000_000_000];
        IEnumerable<string> walks = Walks.SelectMany(walk => (string[])[$"{{{{ {walk}() }}}}", $"{{% if {walk}.x.y %}}{{% endif %}}", $"{{% for x in {walk} %}}{{{{ x.y.z }}}}{{% endfor %}}{{{{ ({walk}).a.b }}}}"]);
        IEnumerable<string> sized = sizes.SelectMany(size => Loops.Concat(Repeats).Select(text => text.Replace("N", size.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)));
        IEnumerable<string> deep = ((int[])[400, 10_000, 100_000]).SelectMany(depth => Recursions.Select(make => make(depth)));
        return Foreign.Concat(deep).Concat(sized).Concat(walks);
    }

    private static string? Failure(Tokenizer tokenizer, string template)
    {
        string shown = template.Length > 120 ? template[..120] : template;
        TimeSpan fastest = TimeSpan.MaxValue;
        for (int attempt = 0; attempt < 8 && fastest > TimeCap; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            int? output = Run(tokenizer, template);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            fastest = elapsed < fastest ? elapsed : fastest;
            if (output > OutputCap)
            {
                return $"{output} characters: {shown}";
            }
        }

        return fastest > TimeCap ? $"{fastest.TotalMilliseconds} ms: {shown}" : null;
    }

    // null when refused or stopped
    private static int? Run(Tokenizer tokenizer, string template)
    {
        try
        {
            ChatTemplate parsed = ChatTemplate.Parse(template, "chat_template.jinja", TokenizerConfig.Read("absent"), tokenizer, TimeProvider.System);
            return parsed.RenderText(new ChatTemplateInput
            {
                Messages = JsonSerializer.SerializeToElement(new[] { new { role = "user", content = "hi" } }),
            }).Length;
        }
        catch (Exception exception) when (exception is TemplateException or ModelFormatException)
        {
            return null;
        }
    }
}
