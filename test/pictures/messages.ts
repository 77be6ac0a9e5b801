import { renderSlack, renderTelegram, type Status } from '@deploy-actions/notice';
import { drawPage, drawSlack, drawTelegram, sampleNotice } from '@deploy-actions/notice/testing';

/** One picture of the documentation. */
export interface Picture {
  /** Below docs/images. */
  file: string;
  html: string;
  size: { width: number; height: number };
}

const GROUPS: [name: string, statuses: Status[], heights: { slack: number; telegram: number }][] = [
  ['outcomes', ['success', 'failure', 'rolled-back'], { slack: 620, telegram: 690 }],
  ['live', ['started', 'progress', 'cancelled'], { slack: 460, telegram: 460 }],
];

/** The messages of every status in both dialects, as the documentation shows them. */
export function messagePictures(): Picture[] {
  return GROUPS.flatMap(([name, statuses, heights]) => {
    const notices = statuses.map((status) => sampleNotice(status));
    const width = 16 + 416 * statuses.length;
    return [
      {
        file: `slack-${name}.png`,
        html: drawPage(notices.map((notice) => drawSlack(renderSlack(notice).message))),
        size: { width, height: heights.slack },
      },
      {
        file: `telegram-${name}.png`,
        html: drawPage(notices.map((notice) => drawTelegram(renderTelegram(notice)))),
        size: { width, height: heights.telegram },
      },
    ];
  });
}
