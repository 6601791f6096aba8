// A dialog of the browser's own: it keeps the focus, closes by Escape, and tells screen readers what it is.

import { useEffect, useId, useRef, useState, type ReactNode } from "react";

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby={heading}>
      <div className="row">
        <h2 id={heading}>{title}</h2>
        <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      {children}
    </dialog>
  );
}

/** A button that opens a dialog, and what stands in it. `about`: what the button is about, for those who hear a list of buttons. */
export function DialogButton(props: {
  name: string;
  title: string;
  about?: string;
  look?: "loud" | "small" | "quiet small";
  children: (close: () => void) => ReactNode;
}) {
  const { name, title, about, look = "loud", children } = props;
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <button
        type="button"
        className={look}
        onClick={() => setOpen(true)}
        aria-haspopup="dialog"
        aria-label={about && `${name} ${about}`}
      >
        {name}
      </button>
      {isOpen && (
        <Dialog title={title} close={close}>
          {children(close)}
        </Dialog>
      )}
    </>
  );
}
