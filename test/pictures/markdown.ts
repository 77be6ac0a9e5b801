import { browserFile } from '@deploy-actions/tooling';

/** What a page of Markdown needs in the browser. */
export interface MarkdownTools {
  css: string;
  marked: string;
  mermaid: string;
}

/** GitHub's CSS, a renderer of its Markdown and Mermaid; or why one cannot be had. */
export async function markdownTools(): Promise<MarkdownTools | { reason: string }> {
  const [css, marked, mermaid] = await Promise.all([
    browserFile('github-markdown-css'),
    browserFile('marked'),
    browserFile('mermaid'),
  ]);
  for (const one of [css, marked, mermaid]) if ('reason' in one) return one;
  return {
    css: (css as { text: string }).text,
    marked: (marked as { text: string }).text,
    mermaid: (mermaid as { text: string }).text,
  };
}

/** A page that shows texts of Markdown below each other as GitHub shows a job's summary, once its scripts have run. */
export function markdownPage(
  { css, marked, mermaid }: MarkdownTools,
  texts: readonly string[],
  dark = false,
): string {
  // `</script` would end the script that it stands in.
  const inScript = (text: string) => text.replaceAll('</script', '<\\/script');
  return `<!doctype html><meta charset="utf-8"><style>${css}
body{margin:0;background:${dark ? '#0d1117' : '#fff'}}.markdown-body{box-sizing:border-box;padding:16px 24px}</style>
<body>
<script>${inScript(marked)}</script><script>${inScript(mermaid)}</script>
<script>
  for (const text of JSON.parse(decodeURIComponent('${encodeURIComponent(JSON.stringify(texts)).replaceAll("'", '%27')}'))) {
    const article = document.createElement('article');
    article.className = 'markdown-body';
    article.innerHTML = marked.parse(text);
    document.body.append(article);
  }
  for (const code of document.querySelectorAll('code.language-mermaid')) {
    const drawing = document.createElement('pre');
    drawing.className = 'mermaid';
    drawing.textContent = code.textContent;
    code.parentElement.replaceWith(drawing);
  }
  mermaid.initialize({ startOnLoad: false, theme: '${dark ? 'dark' : 'default'}' });
  mermaid.run().catch((error) => document.body.setAttribute('data-error', String(error)));
</script>`;
}
